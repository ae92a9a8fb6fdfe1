// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {SettlementHandler} from "./SettlementHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {SettlementStore} from "./SettlementStore.sol";

/// @notice Money in and out of accounts, and earnings out.
contract AccountHandler is SettlementHandler {
    constructor(SettlementStore store_, SettlementLogBook book_) SettlementHandler(store_, book_) {}

    /// @notice All that is owed to anybody, AIPG wei.
    function owed() external view returns (uint256) {
        return _owed(_books());
    }

    function deposit(uint256 who, uint256 amountSeed) external act {
        address from = store.payer(who);
        uint128 amount = _amount(amountSeed, aipg.balanceOf(from));
        vm.prank(from);
        try settlement.deposit(amount) {
            _done("deposit");
        } catch {
            _refused();
        }
    }

    function depositFor(uint256 who, uint256 whom, uint256 amountSeed) external act {
        address from = store.payer(who);
        address account = whom % 2 == 0 ? store.payer(whom / 2) : store.worker(whom / 2);
        uint128 amount = _amount(amountSeed, aipg.balanceOf(from));
        vm.prank(from);
        try settlement.depositFor(account, amount) {
            _done("depositFor");
        } catch {
            _refused();
        }
    }

    /// @notice By a permit, which somebody else has used already now and then, or which says something else.
    function depositWithPermit(uint256 who, uint256 whom, uint256 amountSeed) external act {
        address from = store.payer(who);
        address account = whom % 2 == 0 ? store.payer(whom / 2) : store.worker(whom / 2);
        uint128 amount = _amount(amountSeed, aipg.balanceOf(from));
        vm.prank(from);
        aipg.approve(address(settlement), 0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(store.keyOf(from), _permitDigest(from, amount));
        bool forged = (whom >> 8) % 4 == 0;
        if ((whom >> 16) % 3 == 0) aipg.permit(from, address(settlement), amount, block.timestamp, v, r, s);
        else if (forged) s = bytes32(uint256(s) ^ 2);
        else forged = false;
        uint128 asked = forged ? amount / 2 + 1 : amount;
        uint256 before = _balance(account);
        bool allowed = aipg.allowance(from, address(settlement)) >= asked;
        vm.prank(from);
        try settlement.depositWithPermit(account, asked, block.timestamp, v, r, s) {
            if (forged && !allowed) store.violate(6, "a forged permit moved money");
            if (_balance(account) != before + asked) store.violate(6, "deposited for less");
            _done("depositWithPermit");
        } catch {
            _refused();
        }
        vm.prank(from);
        aipg.approve(address(settlement), type(uint256).max);
    }

    function thaw(uint256 who, uint256 amountSeed) external act {
        address account = _account(who);
        uint128 amount = _amount(amountSeed, _balance(account));
        vm.prank(account);
        try settlement.thaw(amount) {
            _done("thaw");
        } catch {
            _refused();
        }
    }

    function cancelThaw(uint256 who) external act {
        address account = _account(who);
        vm.prank(account);
        try settlement.cancelThaw() {
            _done("cancelThaw");
        } catch {
            _refused();
        }
    }

    function withdraw(uint256 who, uint256 wait) external act {
        address account = _account(who);
        uint256 readyAt = settlement.accountOf(account).thawReadyAt;
        if (wait % 2 == 0 && readyAt != 0) _wait(readyAt - (wait >> 8) % 2);
        vm.prank(account);
        try settlement.withdraw(account) {
            if (readyAt == 0 || block.timestamp < readyAt) store.violate(5, "withdrawn without notice");
            _done("withdraw");
        } catch {
            _refused();
        }
    }

    function claimEarned(uint256 who) external act {
        address account = store.worker(who);
        uint256 earned = settlement.earnedOf(account);
        uint256 before = aipg.balanceOf(account);
        vm.prank(account);
        try settlement.claimEarned(account) {
            if (aipg.balanceOf(account) - before != earned) store.violate(6, "earnings claimed for less");
            _done("claimEarned");
        } catch {
            _refused();
            if (earned != 0 && !aipg.paused()) store.violate(9, "earnings can't leave");
        }
    }

    function moveEarned(uint256 who, uint256 whom, uint256 amountSeed) external act {
        address account = store.worker(who);
        address to = whom % 2 == 0 ? store.payer(whom / 2) : store.worker(whom / 2);
        uint128 amount = _amount(amountSeed, settlement.earnedOf(account));
        vm.prank(account);
        try settlement.moveEarned(to, amount) {
            _done("moveEarned");
        } catch {
            _refused();
        }
    }

    function claimModelRoyalty(uint256 modelSeed) external act {
        uint256 modelId = modelSeed % (store.MODEL_COUNT() + 1);
        // Mostly one that has earned something.
        for (uint256 i; i < 4 && settlement.modelEarnedOf(modelId) == 0; ++i) {
            modelId = (modelId + 1) % (store.MODEL_COUNT() + 1);
        }
        address owner = aigc.registeredOwner(modelId);
        bool byOwner = (modelSeed >> 128) % 4 != 0;
        uint256 earned = settlement.modelEarnedOf(modelId);
        uint256 before = aipg.balanceOf(owner);
        vm.prank(byOwner ? owner : stranger);
        try settlement.claimModelRoyalty(modelId) {
            if (aipg.balanceOf(owner) - before != earned) store.violate(6, "royalties claimed for less");
            if (!byOwner) store.violate(8, "a stranger moved a model's royalties");
            if (owner.code.length != 0) _done("claimByContract");
            _done("claimModelRoyalty");
        } catch {
            _refused();
        }
    }

    function sweepProtocol(uint256 who) external act {
        address[] memory workers = new address[](3);
        workers[0] = store.worker(who);
        workers[1] = store.worker(who + 1);
        workers[2] = store.worker(who); // the same again
        vm.prank(stranger);
        try settlement.sweepProtocol(workers) {
            _done("sweepProtocol");
        } catch {
            _refused();
        }
    }

    function donate(uint256 amountSeed) external act {
        address from = amountSeed % 2 == 0 ? store.payer(amountSeed / 2) : store.worker(amountSeed / 2);
        uint256 balance = aipg.balanceOf(from);
        uint128 amount = uint128((amountSeed >> 8) % (1 + (balance < 1e18 ? balance : 1e18)));
        vm.prank(from);
        try aipg.transfer(amountSeed % 3 == 0 ? address(registry) : address(settlement), amount) {
            if (amountSeed % 3 == 0) store.gaveToRegistry(amount);
            else store.gave(amount);
            _done("donate");
        } catch {
            _refused();
        }
    }

    function _permitDigest(address from, uint256 amount) private view returns (bytes32) {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 structHash =
            keccak256(abi.encode(typeHash, from, address(settlement), amount, aipg.nonces(from), block.timestamp));
        return keccak256(abi.encodePacked(hex"1901", aipg.DOMAIN_SEPARATOR(), structHash));
    }

    function _account(uint256 who) private view returns (address) {
        return who % 4 == 0 ? store.worker(who / 4) : store.payer(who / 4);
    }
}

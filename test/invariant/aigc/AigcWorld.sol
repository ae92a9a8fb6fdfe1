// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AigcBase} from "../../utils/AigcBase.sol";
import {Director} from "../settlement/Director.sol";
import {AigcHandler} from "./AigcHandler.sol";
import {AigcLogBook} from "./AigcLogBook.sol";
import {AigcReference, Staff} from "./AigcReference.sol";

/// @notice Seven accounts, up to seven models, and everything that can be done to them. Begins with two models.
abstract contract AigcWorld is AigcBase {
    struct Action {
        bytes4 selector;
        uint256 arguments;
        uint256 weight;
        bytes32 name;
    }

    AigcHandler internal handler;
    AigcLogBook internal book;
    Director internal director;

    function setUp() public virtual override {
        super.setUp();
        handler = new AigcHandler(aipg, aigc, Staff(address(this), upgrader, params, curator, guardian));
        book = handler.book();
        for (uint256 i; handler.count() < 2; ++i) {
            handler.register(i, i + 1, uint256(keccak256(abi.encode("begin", i))));
        }
        _direct();
    }

    /// @dev All actions of a history.
    function _actions() internal view returns (Action[] memory actions) {
        AigcHandler h = handler;
        actions = new Action[](24);
        uint256 n;
        actions[n++] = Action(h.register.selector, 3, 4, "register");
        actions[n++] = Action(h.buyLicense.selector, 3, 8, "buyLicense");
        actions[n++] = Action(h.setWeightsURI.selector, 3, 3, "setWeightsURI");
        actions[n++] = Action(h.setAccess.selector, 3, 4, "setAccess");
        actions[n++] = Action(h.announceUsageRoyalty.selector, 3, 4, "announceUsageRoyalty");
        actions[n++] = Action(h.setLicenseTerms.selector, 3, 4, "setLicenseTerms");
        actions[n++] = Action(h.setRoyaltyReceiver.selector, 3, 2, "setRoyaltyReceiver");
        actions[n++] = Action(h.setUser.selector, 3, 4, "setUser");
        actions[n++] = Action(h.transfer.selector, 3, 4, "transfer");
        actions[n++] = Action(h.safeTransfer.selector, 3, 3, "safeTransfer");
        actions[n++] = Action(h.transferToSelf.selector, 2, 2, "transferToSelf");
        actions[n++] = Action(h.approve.selector, 3, 4, "approve");
        actions[n++] = Action(h.setApprovalForAll.selector, 2, 3, "setApprovalForAll");
        actions[n++] = Action(h.setVerified.selector, 3, 2, "setVerified");
        actions[n++] = Action(h.setDeprecated.selector, 3, 2, "setDeprecated");
        actions[n++] = Action(h.setRegistrationFee.selector, 2, 2, "setRegistrationFee");
        actions[n++] = Action(h.setTreasury.selector, 2, 2, "setTreasury");
        actions[n++] = Action(h.setContractURI.selector, 2, 1, "setContractURI");
        actions[n++] = Action(h.pause.selector, 1, 1, "pause");
        actions[n++] = Action(h.unpause.selector, 1, 4, "unpause");
        actions[n++] = Action(h.upgrade.selector, 1, 1, "upgrade");
        actions[n++] = Action(h.sealUpgrades.selector, 1, 1, "sealUpgrades");
        actions[n++] = Action(h.pauseToken.selector, 1, 1, "pauseToken");
        actions[n++] = Action(h.pass.selector, 3, 5, "pass");
    }

    function _direct() private {
        director = new Director();
        Action[] memory actions = _actions();
        for (uint256 i; i < actions.length; ++i) {
            director.add(address(handler), actions[i].selector, actions[i].arguments, actions[i].weight);
        }
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = director.act.selector;
        targetContract(address(director));
        targetSelector(FuzzSelector({addr: address(director), selectors: selectors}));
    }

    // ---------------------------------------------------------------- invariants

    /// @dev All of them; a message begins with the number.
    function _check() internal {
        vm.warp(handler.time());
        assertEq(handler.violation(), "", "violation");
        _checkContract();
        for (uint256 i = 1; i <= handler.count(); ++i) {
            _checkModel(i);
            _checkToken(i);
            _checkBook(i);
            _checkUse(i);
        }
        _checkUnknown(0);
        _checkUnknown(handler.count() + 1);
        _checkAccounts();
    }

    function _checkContract() private view {
        assertEq(aigc.totalSupply(), handler.count(), "13: supply");
        assertEq(aigc.registrationFee(), handler.fee(), "12: fee");
        assertEq(aigc.treasury(), handler.treasury(), "12: treasury");
        assertEq(aigc.paused(), handler.paused(), "12: pause");
        assertEq(aigc.upgradesSealed(), handler.isSealed(), "12: seal");
        assertEq(aigc.contractURI(), handler.contractURI(), "12: contractURI");
        assertEq(book.count(), handler.count(), "12: logs of models");
        assertEq(book.fee(), handler.fee(), "12: logs of the fee");
        assertEq(book.treasury(), handler.treasury(), "12: logs of the treasury");
        assertEq(book.paused(), handler.paused(), "12: logs of the pause");
        assertEq(book.upgradesSealed(), handler.isSealed(), "12: logs of the seal");
        assertEq(book.implementation(), handler.implementation(), "12: logs of the code");
        assertLe(aigc.registrationFee(), 10_000e18, "9: cap of the fee");
        assertEq(handler.silentlyChanged(), 0, "13: metadata changed in silence");
    }

    function _checkModel(uint256 i) private view {
        AigcReference.Ghost memory ghost = handler.ghostOf(i);
        assertEq(handler.identityOf(i), ghost.identity, "9: identity");
        assertEq(abi.encode(aigc.modelOf(i)), abi.encode(ghost.model), "12: model");
        assertEq(aigc.weightsHash(i), ghost.model.spec.weightsHash, "9: weights hash");
        assertEq(aigc.usageRoyaltyBps(i), handler.usageBpsOf(i), "9: usage royalty");
        assertLe(aigc.usageRoyaltyBps(i), 2000, "9: cap of the usage royalty");
        (address receiver, uint256 amount) = aigc.royaltyInfo(i, 10_000);
        assertEq(receiver, ghost.royaltyReceiver, "12: royalty receiver");
        assertEq(amount, ghost.model.spec.resaleBps, "9: resale royalty");
        assertLe(amount, 1000, "9: cap of the resale royalty");
    }

    function _checkToken(uint256 i) private view {
        AigcReference.Ghost memory ghost = handler.ghostOf(i);
        assertEq(aigc.ownerOf(i), ghost.owner, "12: owner");
        assertEq(aigc.getApproved(i), ghost.approved, "12: approval");
        (uint64 moves, uint64 shown) = aigc.stateOf(i);
        assertEq(moves, ghost.moves, "13: moves");
        assertEq(shown, ghost.shown, "13: shown");
        assertEq(aigc.userOf(i), handler.userOf(i), "12: user");
        assertEq(aigc.userExpires(i), ghost.userExpires, "12: user's time");
    }

    function _checkBook(uint256 i) private view {
        AigcReference.Ghost memory ghost = handler.ghostOf(i);
        AigcLogBook.Page memory page = book.page(i);
        assertEq(abi.encode(page.model), abi.encode(ghost.model), "12: logs of a model");
        assertEq(page.owner, ghost.owner, "12: logs of an owner");
        assertEq(page.approved, ghost.approved, "12: logs of an approval");
        assertEq(page.user, ghost.user, "12: logs of a user");
        assertEq(page.userExpires, ghost.userExpires, "12: logs of a user's time");
        assertEq(page.royaltyReceiver, ghost.royaltyReceiver, "12: logs of a receiver");
        assertEq(page.moves, ghost.moves, "12: logs of moves");
        assertEq(page.shown, ghost.shown, "12: logs of changes");
    }

    function _checkUse(uint256 i) private view {
        for (uint256 k; k < handler.ACTORS(); ++k) {
            address account = handler.actors(k);
            assertEq(aigc.canUse(i, account), handler.canUse(i, account), "9: use");
            assertEq(aigc.licenseExpires(i, account), handler.licenses(i, account), "9: license");
            assertEq(book.licenses(i, account), handler.licenses(i, account), "12: logs of a license");
        }
        assertFalse(aigc.canUse(i, address(0)), "9: use by nobody");
    }

    function _checkUnknown(uint256 i) private {
        _expectUnknown(i);
        aigc.stateOf(i);
        _expectUnknown(i);
        aigc.usageRoyaltyBps(i);
        assertEq(aigc.weightsHash(i), 0, "no model");
        assertEq(aigc.userOf(i), address(0), "no model");
    }

    /// @dev 2: AIGC keeps no AIPG, and nobody has more or less than the reference and the logs say. 13: balances.
    function _checkAccounts() private view {
        assertEq(aipg.balanceOf(address(aigc)), 0, "2: AIGC keeps nothing");
        assertEq(aipg.balanceOf(treasury), handler.money(treasury), "2: first treasury");
        assertEq(book.earned(treasury), handler.money(treasury), "2: logs of the first treasury");
        uint256 tokens;
        for (uint256 k; k < handler.ACTORS(); ++k) {
            address account = handler.actors(k);
            uint256 money = aipg.balanceOf(account);
            assertEq(money, handler.money(account), "2: money");
            uint256 riches = k == 5 ? 0 : 1e30;
            assertEq(money, riches + book.earned(account) - book.spent(account), "2: logs of money");
            assertEq(book.balances(account), aigc.balanceOf(account), "12: logs of balances");
            tokens += aigc.balanceOf(account);
            for (uint256 j; j < handler.ACTORS(); ++j) {
                address operator = handler.actors(j);
                bool isOperator = aigc.isApprovedForAll(account, operator);
                assertEq(isOperator, handler.operators(account, operator), "12: operator");
                assertEq(isOperator, book.operators(account, operator), "12: logs of operators");
            }
        }
        assertEq(tokens, aigc.totalSupply(), "13: balances and supply");
    }
}

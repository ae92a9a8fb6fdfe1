// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IModelTerms} from "../../../contracts/interfaces/IModelTerms.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";
import {AccountHandler} from "./AccountHandler.sol";
import {AdminHandler} from "./AdminHandler.sol";
import {BondHandler} from "./BondHandler.sol";
import {CollectHandler} from "./CollectHandler.sol";
import {Director} from "./Director.sol";
import {FaultHandler} from "./FaultHandler.sol";
import {HostileModels, ModelVault} from "./HostileModels.sol";
import {KeyHandler} from "./KeyHandler.sol";
import {LaneOrderHandler} from "./LaneOrderHandler.sol";
import {OrderHandler} from "./OrderHandler.sol";
import {SettlementLogBook} from "./SettlementLogBook.sol";
import {SettlementStore} from "./SettlementStore.sol";

/// @notice Three payers, three workers, 24 hot keys, four models (one is a contract's, one doesn't exist), and the handlers that
/// move them. Begins with some lanes, keys and bonds, so that short runs get somewhere.
abstract contract SettlementWorld is SettlementBase {
    struct Action {
        address handler;
        bytes4 selector;
        uint256 arguments;
        bytes32 name;
    }

    SettlementStore internal store;
    SettlementLogBook internal book;
    HostileModels internal aigc;
    AccountHandler internal accounts;
    LaneOrderHandler internal lanes;
    CollectHandler internal collects;
    OrderHandler internal orders;
    FaultHandler internal faults;
    KeyHandler internal keys;
    AdminHandler internal admins;
    BondHandler internal bonds;
    Director internal director;

    function setUp() public virtual override {
        super.setUp();
        aigc = new HostileModels();
        for (uint256 i = 1; i <= 3; ++i) {
            aigc.set(i, i == 3 ? address(new ModelVault()) : modelOwner, uint16(900 * (i - 1)));
        }
        book = new SettlementLogBook();
        vm.recordLogs();
        settlement = _deploySettlement(IModelTerms(address(aigc)));
        registry = settlement.registry();
        book.watch(address(settlement), address(registry));
        book.replay(vm.getRecordedLogs());
        _grantAll();
        store = new SettlementStore(settlement, aipg, aigc);
        _people();
        _handlers();
        _begin();
        _direct();
    }

    function _grantAll() private {
        _grantRoles();
        _grantMinBond();
    }

    function _people() private {
        for (uint256 i; i < 3; ++i) {
            Person memory person = _person(string.concat("payer ", vm.toString(i)));
            store.addPayer(person.addr, person.key);
            _mint(person.addr, 3000e18);
            person = _person(string.concat("worker ", vm.toString(i)));
            store.addWorker(person.addr, person.key);
            aipg.mint(person.addr, 200_000e18);
            vm.prank(person.addr);
            aipg.approve(address(registry), type(uint256).max);
        }
        for (uint256 i; i < 24; ++i) {
            Person memory key = _person(string.concat("hot key ", vm.toString(i)));
            store.addHotKey(key.addr, key.key);
        }
    }

    function _handlers() private {
        accounts = new AccountHandler(store, book);
        lanes = new LaneOrderHandler(store, book);
        collects = new CollectHandler(store, book);
        orders = new OrderHandler(store, book);
        faults = new FaultHandler(store, book);
        keys = new KeyHandler(store, book);
        admins = new AdminHandler(store, book, address(this));
        bonds = new BondHandler(store, book);
    }

    function _begin() private {
        for (uint256 i; i < 3; ++i) {
            accounts.deposit(i, 3 + 16 * i);
            accounts.deposit(i, 3 + 16 * (i + 3));
        }
        bonds.register(0, 3);
        bonds.register(1, 4);
        uint256[6] memory roles = [uint256(1), 2, 3, 4, 1, 4];
        for (uint256 i; i < 6; ++i) {
            // Payers have even numbers, workers odd ones.
            keys.addSigner(roles[i] == 4 ? 2 * i + 1 : 2 * i, i, roles[i] - 1);
        }
        keys.setTreasurerCap(2, 60e18);
        for (uint256 i; i < 5; ++i) {
            lanes.openLane(_laneSeed(i), 3 + 16 * i);
        }
    }

    /// @dev As `LaneHandler` reads it. The first two lanes' vouchers are signed by the hot keys of payers 0 and 1, the
    /// third one's by its payer, the fourth is a hop lane of a hot key, the rest as it comes.
    function _laneSeed(uint256 i) private pure returns (uint256 seed) {
        if (i == 4) return uint256(keccak256("lane"));
        uint256 payerSeed = i == 3 ? 0 : i;
        seed = payerSeed << 8 | (i == 2 ? 0 : 1) << 16 | i << 32 | (i == 3 ? 0 : 1) << 40 | 1 << 48 | 1 << 56 | i << 64;
        seed += 5 - (seed % 5) + 1; // not a worker as payer
    }

    /// @dev Everything a run can do.
    function _actions() internal view returns (Action[] memory actions) {
        actions = new Action[](56);
        uint256 n;
        address where = address(accounts);
        actions[n++] = Action(where, accounts.deposit.selector, 2, "deposit");
        actions[n++] = Action(where, accounts.depositFor.selector, 3, "depositFor");
        actions[n++] = Action(where, accounts.depositWithPermit.selector, 3, "depositWithPermit");
        actions[n++] = Action(where, accounts.thaw.selector, 2, "thaw");
        actions[n++] = Action(where, accounts.cancelThaw.selector, 1, "cancelThaw");
        actions[n++] = Action(where, accounts.withdraw.selector, 2, "withdraw");
        actions[n++] = Action(where, accounts.claimEarned.selector, 1, "claimEarned");
        actions[n++] = Action(where, accounts.moveEarned.selector, 3, "moveEarned");
        actions[n++] = Action(where, accounts.claimModelRoyalty.selector, 1, "claimModelRoyalty");
        actions[n++] = Action(where, accounts.sweepProtocol.selector, 1, "sweepProtocol");
        actions[n++] = Action(where, accounts.donate.selector, 1, "donate");
        where = address(lanes);
        actions[n++] = Action(where, lanes.openLane.selector, 2, "openLane");
        actions[n++] = Action(where, lanes.topUpLane.selector, 2, "topUpLane");
        actions[n++] = Action(where, lanes.topUpByTreasurer.selector, 3, "topUpByTreasurer");
        actions[n++] = Action(where, lanes.thawLane.selector, 2, "thawLane");
        actions[n++] = Action(where, lanes.finaliseLaneThaw.selector, 2, "finaliseLaneThaw");
        actions[n++] = Action(where, lanes.signVoucher.selector, 3, "signVoucher");
        actions[n++] = Action(where, lanes.orderOnLane.selector, 3, "orderOnLane");
        where = address(collects);
        actions[n++] = Action(where, collects.collect.selector, 2, "collect");
        actions[n++] = Action(where, collects.collectUpTo.selector, 3, "collectUpTo");
        actions[n++] = Action(where, collects.collectFromDyingKey.selector, 2, "collectFromDyingKey");
        actions[n++] = Action(where, collects.collectUnattested.selector, 1, "collectUnattested");
        where = address(orders);
        actions[n++] = Action(where, orders.order.selector, 2, "order");
        actions[n++] = Action(where, orders.settle.selector, 3, "settle");
        actions[n++] = Action(where, orders.settlePart.selector, 3, "settlePart");
        actions[n++] = Action(where, orders.settleClosed.selector, 3, "settleClosed");
        actions[n++] = Action(where, orders.settleInGrace.selector, 3, "settleInGrace");
        actions[n++] = Action(where, orders.confirmAnchor.selector, 1, "confirmAnchor");
        actions[n++] = Action(where, orders.settleBatch.selector, 2, "settleInBatch");
        actions[n++] = Action(where, orders.announceCancel.selector, 2, "announceCancel");
        actions[n++] = Action(where, orders.cancelOrders.selector, 2, "cancelOrders");
        where = address(faults);
        actions[n++] = Action(where, faults.slashEquivocation.selector, 2, "slashEquivocation");
        actions[n++] = Action(where, faults.slashAnchored.selector, 2, "slashAnchored");
        where = address(keys);
        actions[n++] = Action(where, keys.addSigner.selector, 3, "addSigner");
        actions[n++] = Action(where, keys.revokeSigner.selector, 1, "revokeSigner");
        actions[n++] = Action(where, keys.setTreasurerCap.selector, 2, "setTreasurerCap");
        actions[n++] = Action(where, keys.stealCalls.selector, 2, "stealCalls");
        actions[n++] = Action(where, keys.stealSignatures.selector, 2, "stealSignatures");
        where = address(admins);
        actions[n++] = Action(where, admins.pause.selector, 0, "pause");
        actions[n++] = Action(where, admins.unpause.selector, 0, "unpause");
        actions[n++] = Action(where, admins.appendFeeConfig.selector, 1, "appendFeeConfig");
        actions[n++] = Action(where, admins.setTreasury.selector, 1, "setTreasury");
        actions[n++] = Action(where, admins.setMinBond.selector, 1, "setMinBond");
        actions[n++] = Action(where, admins.setRegistryTreasury.selector, 1, "setRegistryTreasury");
        actions[n++] = Action(where, admins.usurp.selector, 1, "usurp");
        actions[n++] = Action(where, admins.pauseToken.selector, 1, "pauseToken");
        actions[n++] = Action(where, admins.changeModels.selector, 1, "changeModels");
        actions[n++] = Action(where, admins.pass.selector, 1, "pass");
        where = address(bonds);
        actions[n++] = Action(where, bonds.register.selector, 2, "register");
        actions[n++] = Action(where, bonds.addBond.selector, 3, "addBond");
        actions[n++] = Action(where, bonds.announceUnbond.selector, 2, "announceUnbond");
        actions[n++] = Action(where, bonds.cancelUnbond.selector, 1, "cancelUnbond");
        actions[n++] = Action(where, bonds.withdrawBond.selector, 2, "withdrawBond");
        actions[n++] = Action(where, bonds.claimReward.selector, 1, "claimReward");
        actions[n++] = Action(where, bonds.payTreasury.selector, 0, "payTreasury");
        actions[n++] = Action(where, bonds.setProfile.selector, 1, "setProfile");
    }

    /// @dev What needn't come often.
    function _isRare(bytes32 name) private pure returns (bool) {
        return name == "pause" || name == "unpause" || name == "setTreasury" || name == "setMinBond"
            || name == "setRegistryTreasury" || name == "usurp" || name == "pauseToken" || name == "setProfile"
            || name == "payTreasury" || name == "claimReward" || name == "cancelUnbond" || name == "slashEquivocation"
            || name == "register" || name == "donate" || name == "cancelThaw" || name == "sweepProtocol";
    }

    /// @dev What other things wait for, or what leads to many states.
    function _isCommon(bytes32 name) private pure returns (bool) {
        return name == "signVoucher" || name == "collect" || name == "withdrawBond" || name == "revokeSigner"
            || name == "orderOnLane";
    }

    function _direct() private {
        director = new Director();
        Action[] memory actions = _actions();
        for (uint256 i; i < actions.length; ++i) {
            uint256 weight = _isRare(actions[i].name) ? 1 : _isCommon(actions[i].name) ? 8 : 4;
            director.add(actions[i].handler, actions[i].selector, actions[i].arguments, weight);
        }
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = director.act.selector;
        targetContract(address(director));
        targetSelector(FuzzSelector({addr: address(director), selectors: selectors}));
    }
}

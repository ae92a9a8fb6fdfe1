// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {LibString} from "solady/utils/LibString.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {GridAuthority} from "../../../contracts/GridAuthority.sol";
import {GridNFT} from "../../../contracts/GridNFT.sol";
import {GridSettlement} from "../../../contracts/GridSettlement.sol";
import {WorkerRegistry} from "../../../contracts/WorkerRegistry.sol";
import {AIPG} from "../../../contracts/dev/AIPG.sol";
import {Model} from "../../../contracts/interfaces/IAIGC.sol";
import {LaneConfig} from "../../../contracts/messages/GridMessages.sol";
import {GridRoles} from "../../../contracts/governance/GridRoles.sol";
import {Deploy} from "../../../script/Deploy.s.sol";
import {DeployConfig, Deployment} from "../../../script/GridDeployment.sol";
import {GridGovernance, Permission} from "../../../script/GridGovernance.sol";
import {Artifacts} from "../../utils/Artifacts.sol";
import {Body, NftBody} from "../../utils/NftBody.sol";
import {NftGridBase} from "../../utils/NftGridBase.sol";

/// @dev An implementation that does nothing and answers nothing, but can be installed.
contract HostileCode is UUPSUpgradeable {
    function _authorizeUpgrade(address) internal override {}
}

/// @dev An implementation of AIGC that calls the thief the owner of every model, or of GridNFT that spends what it was approved.
contract ThievingCode is HostileCode {
    function ownerOf(uint256) external view returns (address) {
        return msg.sender.code.length == 0 ? msg.sender : tx.origin;
    }

    function spend(IERC20 token, address from) external {
        token.transferFrom(from, msg.sender, token.allowance(from, address(this)));
    }
}

/// @dev Threat 39: every restricted function of every contract in the hands of a thief who holds its role, on the deployed system
/// with a model, a bonded worker, a lane, a payment and an artwork in it. After the role's delay the thief makes the call; what
/// changed is exactly what the row names, and nothing else.
contract LeakedKeysTest is NftGridBase, Artifacts {
    /// @dev `changes`: facts that differ afterwards.
    struct Row {
        address target;
        bytes data;
        string[] changes;
    }

    struct Fact {
        string name;
        bytes32 value;
    }

    DeployConfig private _deployConfig;
    Deployment private _grid;
    GridAuthority private _authority;
    Row[] private _rows;
    mapping(uint64 role => address) private _holders;
    LaneConfig private _lane;
    bytes32 private _laneId_;
    bytes32 private _orderHash;
    uint256 private constant TOKEN = 1001;

    function setUp() public override {
        vm.warp(1_800_000_000);
        vm.roll(30_000_000);
        payer = requester = _person("requester");
        worker = _person("worker");
        thief = _person("thief");
        _deployGrid();
        _live();
        skip(7 days); // the first fee config may be followed
        _fill();
    }

    // ---------------------------------------------------------------- the tests

    /// @dev A new restricted function without a row, or a row without its function, fails.
    function test_T39_TheMatrixNamesEveryRestrictedFunction() external {
        string[4] memory names = ["AIGC", "GridNFT", "GridSettlement", "WorkerRegistry"];
        address[4] memory targets = GridGovernance.targets(_grid);
        uint256 restricted;
        for (uint256 i; i < names.length; ++i) {
            string[] memory signatures = _signaturesOf(names[i]);
            for (uint256 k; k < signatures.length; ++k) {
                bytes4 selector = _selectorOf(signatures[k]);
                // `setAuthority` is the authority's own, which calls it for nobody: `test_T66_NoContractLeavesTheAuthority`.
                if (selector == IAccessManaged.setAuthority.selector) continue;
                if (!_isRestricted(targets[i], selector)) continue;
                ++restricted;
                assertEq(_rowsOf(targets[i], selector), 1, signatures[k]);
                assertEq(_permissionsOf(targets[i], selector), 1, signatures[k]);
            }
        }
        for (uint256 i; i < _rows.length; ++i) {
            assertTrue(_isRestricted(_rows[i].target, bytes4(_rows[i].data)), "a row of nothing");
        }
        assertEq(_rows.length, restricted);
        assertEq(GridGovernance.permissions(_grid).length, _rows.length);
    }

    /// @dev The matrix.
    function test_T39_WhatEachFunctionChangesAndNothingElse() external {
        vm.pauseGasMetering();
        for (uint256 i; i < _rows.length; ++i) {
            uint256 state = vm.snapshotState();
            this.assertRow(i); // a call, so that its memory is freed
            vm.revertToState(state);
        }
    }

    /// @dev PARAMS, all at once, to its caps: every balance leaves whole afterwards, and open lanes keep their fee.
    function test_T39_AStolenParamsKeyTakesNoBalance() external {
        _doAll(GridRoles.PARAMS);
        _assertEverybodyLeavesWhole();
    }

    /// @dev GUARDIAN, with everything paused: every balance leaves whole, tokens move, paper is paid.
    function test_T39_AStolenGuardianKeyTakesNoBalance() external {
        _doAll(GridRoles.GUARDIAN);
        assertTrue(aigc.paused() && nft.paused() && settlement.paused());
        vm.prank(requester.addr);
        nft.transferFrom(requester.addr, stranger, TOKEN);
        vm.prank(modelOwner);
        aigc.transferFrom(modelOwner, stranger, MODEL);
        vm.prank(stranger);
        aigc.transferFrom(stranger, modelOwner, MODEL);
        _assertEverybodyLeavesWhole();
    }

    /// @dev UPGRADER installs code that answers nothing: models and artworks are gone with it. Every balance but unclaimed model
    /// royalty leaves whole, and that waits in GridSettlement for an AIGC that knows its owners.
    function test_T39_AStolenUpgraderKeyTakesNoBalance() external {
        address code = address(new HostileCode());
        _steal(GridRoles.UPGRADER, _grid.aigc, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (code, "")));
        _steal(GridRoles.UPGRADER, _grid.nft, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (code, "")));
        (bool ok,) = _grid.nft.staticcall(abi.encodeCall(nft.ownerOf, (TOKEN)));
        assertFalse(ok, "the artworks");
        (ok,) = _grid.aigc.staticcall(abi.encodeCall(aigc.ownerOf, (MODEL)));
        assertFalse(ok, "the models");
        assertGt(settlement.modelEarnedOf(MODEL), 0);
        (ok,) = address(settlement).call(abi.encodeCall(settlement.claimModelRoyalty, (MODEL)));
        assertFalse(ok);
        uint128 waiting = settlement.modelEarnedOf(MODEL);
        uint256 before = aipg.balanceOf(address(settlement));
        uint256 left = _everybodyButModelOwnersLeave();
        assertEq(before - left, waiting + settlement.protocolAccruedOf(worker.addr));
    }

    /// @dev PARAMS takes protocol fees that aren't swept yet and those to come, and the registry's share of slashes.
    function test_T39_AStolenParamsKeyTakesUnsweptFees() external {
        uint128 unswept = settlement.protocolAccruedOf(worker.addr);
        assertGt(unswept, 0);
        _steal(GridRoles.PARAMS, _grid.settlement, abi.encodeCall(GridSettlement.setTreasury, (thief.addr)));
        address[] memory workers = new address[](1);
        workers[0] = worker.addr;
        settlement.sweepProtocol(workers);
        assertEq(aipg.balanceOf(thief.addr), unswept);
    }

    /// @dev UPGRADER takes model royalties that aren't claimed yet, by a registry that calls the thief their owner; and what
    /// accounts have approved to AIGC and GridNFT beyond what a call cost.
    function test_T39_AStolenUpgraderKeyTakesRoyaltiesAndApprovals() external {
        address code = address(new ThievingCode());
        _steal(GridRoles.UPGRADER, _grid.aigc, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (code, "")));
        _steal(GridRoles.UPGRADER, _grid.nft, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (code, "")));
        uint128 royalties = settlement.modelEarnedOf(MODEL);
        assertGt(royalties, 0);
        vm.prank(thief.addr, thief.addr);
        settlement.claimModelRoyalty(MODEL);
        assertEq(aipg.balanceOf(thief.addr), royalties);

        vm.prank(requester.addr);
        aipg.approve(_grid.nft, 7e18);
        vm.prank(thief.addr);
        ThievingCode(_grid.nft).spend(aipg, requester.addr);
        assertEq(aipg.balanceOf(thief.addr), royalties + 7e18);
        // All other money leaves whole.
        _everybodyButModelOwnersLeave();
    }

    /// @dev CURATOR's marks change no right: a model marked down is used, paid and sold as before.
    function test_T39_AStolenCuratorKeyTakesNoBalance() external {
        _doAll(GridRoles.CURATOR);
        assertTrue(aigc.canUse(MODEL, stranger));
        _assertEverybodyLeavesWhole();
    }

    // ---------------------------------------------------------------- the rows

    function _fill() private {
        _fillAigc();
        _fillNft();
        _row(_grid.settlement, abi.encodeCall(GridSettlement.appendFeeConfig, (1000)), "settlement fee configs", "");
        _row(_grid.settlement, abi.encodeCall(GridSettlement.setTreasury, (thief.addr)), "settlement treasury", "");
        _row(_grid.settlement, abi.encodeCall(GridSettlement.pause, ()), "settlement paused", "");
        _row(_grid.settlement, abi.encodeCall(GridSettlement.unpause, ()), "settlement paused", "");
        uint128 half = registry.minBond() / 2;
        _row(_grid.registry, abi.encodeCall(WorkerRegistry.setMinBond, (half)), "registry minimum bond", "");
        _row(_grid.registry, abi.encodeCall(WorkerRegistry.setTreasury, (thief.addr)), "registry treasury", "");
    }

    function _fillAigc() private {
        bytes memory upgrade = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(new AIGC(aipg)), ""));
        _row(_grid.aigc, upgrade, "AIGC code", "");
        _row(_grid.aigc, abi.encodeCall(AIGC.sealUpgrades, ()), "AIGC sealed", "");
        _row(_grid.aigc, abi.encodeCall(AIGC.setRegistrationFee, (10_000e18)), "AIGC fee", "");
        _row(_grid.aigc, abi.encodeCall(AIGC.setTreasury, (thief.addr)), "AIGC treasury", "");
        _row(_grid.aigc, abi.encodeCall(AIGC.setContractURI, ("ipfs://thief")), "AIGC page", "");
        _row(_grid.aigc, abi.encodeCall(AIGC.setVerified, (MODEL, true)), "model verified", "");
        _row(_grid.aigc, abi.encodeCall(AIGC.setDeprecated, (MODEL, true)), "model deprecated", "");
        _row(_grid.aigc, abi.encodeCall(AIGC.pause, ()), "AIGC paused", "");
        _row(_grid.aigc, abi.encodeCall(AIGC.unpause, ()), "AIGC paused", "");
    }

    function _fillNft() private {
        bytes memory upgrade = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(new GridNFT(aipg, aigc)), ""));
        _row(_grid.nft, upgrade, "GridNFT code", "");
        _row(_grid.nft, abi.encodeCall(GridNFT.sealUpgrades, ()), "GridNFT sealed", "");
        _row(_grid.nft, abi.encodeCall(GridNFT.addAnchorSource, (_grid.registry)), "GridNFT sources", "");
        _row(_grid.nft, abi.encodeCall(GridNFT.setRenderer, (_grid.registry)), "GridNFT renderer", "");
        _row(_grid.nft, abi.encodeCall(GridNFT.sealRenderer, ()), "GridNFT renderer sealed", "");
        _row(_grid.nft, abi.encodeCall(GridNFT.setEscrow, (_grid.settlement)), "GridNFT escrow", "");
        _row(_grid.nft, abi.encodeCall(GridNFT.setMintFee, (100e18, thief.addr)), "GridNFT fee", "GridNFT treasury");
        _row(_grid.nft, abi.encodeCall(GridNFT.setContractURI, ("ipfs://thief")), "GridNFT page", "");
        _row(_grid.nft, abi.encodeCall(GridNFT.transferOwnership, (thief.addr)), "GridNFT page's editor", "");
        _row(_grid.nft, abi.encodeCall(GridNFT.pause, ()), "GridNFT paused", "");
        _row(_grid.nft, abi.encodeCall(GridNFT.unpause, ()), "GridNFT paused", "");
    }

    function _row(address target, bytes memory data, string memory first, string memory second) private {
        Row storage row = _rows.push();
        (row.target, row.data) = (target, data);
        if (bytes(first).length != 0) row.changes.push(first);
        if (bytes(second).length != 0) row.changes.push(second);
    }

    // ---------------------------------------------------------------- the facts

    function _facts() private returns (Fact[] memory facts) {
        facts = new Fact[](44);
        uint256 n = _configuration(facts);
        Model memory model = aigc.modelOf(MODEL);
        facts[n++] = Fact("model verified", _word(model.verified));
        facts[n++] = Fact("model deprecated", _word(model.deprecated));
        (model.verified, model.deprecated) = (false, false);
        facts[n++] = Fact("model", keccak256(abi.encode(model, aigc.ownerOf(MODEL), aigc.canUse(MODEL, stranger))));
        facts[n++] = Fact("artwork's owner", keccak256(abi.encode(nft.ownerOf(TOKEN), nft.totalSupply())));
        facts[n++] = Fact(
            "artwork's provenance",
            keccak256(abi.encode(nft.provenanceOf(TOKEN), nft.verify(TOKEN), nft.blobOf(TOKEN, 1).code))
        );
        facts[n++] = Fact("artwork's display", keccak256(abi.encode(nft.series(1))));
        (address royaltyTo, uint256 royalty) = nft.royaltyInfo(TOKEN, 1e18);
        facts[n++] = Fact("artwork's royalty", keccak256(abi.encode(royaltyTo, royalty)));
        facts[n++] = Fact("payer's account", keccak256(abi.encode(settlement.accountOf(requester.addr))));
        facts[n++] =
            Fact("lane", keccak256(abi.encode(settlement.laneOf(_laneId_), settlement.laneTotalOf(_laneId_, MODEL))));
        facts[n++] = Fact(
            "earned",
            keccak256(
                abi.encode(
                    settlement.earnedOf(worker.addr),
                    settlement.protocolAccruedOf(worker.addr),
                    settlement.modelEarnedOf(MODEL)
                )
            )
        );
        facts[n++] = Fact("nonces", bytes32(settlement.nonceWordOf(requester.addr, 0)));
        facts[n++] = Fact(
            "bond",
            keccak256(abi.encode(registry.workerOf(worker.addr), registry.totalBonded(), registry.totalRewards()))
        );
        facts[n++] = Fact("AIPG", keccak256(_balances()));
        for (uint256 i; i < 4; ++i) {
            address target = GridGovernance.targets(_grid)[i];
            facts[n++] = Fact("authority", _word(IAccessManaged(target).authority()));
        }
        assembly ("memory-safe") {
            mstore(facts, n)
        }
    }

    function _configuration(Fact[] memory facts) private view returns (uint256 n) {
        facts[n++] = Fact("AIGC code", vm.load(_grid.aigc, ERC1967Utils.IMPLEMENTATION_SLOT));
        facts[n++] = Fact("AIGC sealed", _word(aigc.upgradesSealed()));
        facts[n++] = Fact("AIGC fee", bytes32(uint256(aigc.registrationFee())));
        facts[n++] = Fact("AIGC treasury", _word(aigc.treasury()));
        facts[n++] = Fact("AIGC page", keccak256(bytes(aigc.contractURI())));
        facts[n++] = Fact("AIGC paused", _word(aigc.paused()));
        facts[n++] = Fact("GridNFT code", vm.load(_grid.nft, ERC1967Utils.IMPLEMENTATION_SLOT));
        (bool upgrades, bool sealedSources, bool sealedRenderer,) = nft.seals();
        facts[n++] = Fact("GridNFT sealed", keccak256(abi.encode(upgrades, sealedSources)));
        facts[n++] = Fact("GridNFT renderer sealed", _word(sealedRenderer));
        facts[n++] = Fact("GridNFT escrow", _word(nft.escrow()));
        bytes memory sources;
        for (uint256 i; i < nft.anchorSourceCount(); ++i) {
            sources = abi.encode(sources, nft.anchorSource(i));
        }
        facts[n++] = Fact("GridNFT sources", keccak256(sources));
        facts[n++] = Fact("GridNFT renderer", _word(nft.renderer()));
        (uint256 fee, address feesTo) = nft.mintFee();
        facts[n++] = Fact("GridNFT fee", bytes32(fee));
        facts[n++] = Fact("GridNFT treasury", _word(feesTo));
        facts[n++] = Fact("GridNFT page", keccak256(bytes(nft.contractURI())));
        facts[n++] = Fact("GridNFT page's editor", _word(nft.owner()));
        facts[n++] = Fact("GridNFT paused", _word(nft.paused()));
        uint16 current = settlement.currentFeeConfigId();
        facts[n++] = Fact(
            "settlement fee configs",
            keccak256(abi.encode(current, settlement.feeConfigOf(1), settlement.feeConfigOf(current)))
        );
        facts[n++] = Fact("settlement treasury", _word(settlement.treasury()));
        facts[n++] = Fact("settlement paused", _word(settlement.paused()));
        (uint128 next, uint40 from) = registry.nextMinBond();
        facts[n++] = Fact("registry minimum bond", keccak256(abi.encode(registry.minBond(), next, from)));
        facts[n++] = Fact("what a fault costs", bytes32(uint256(registry.peakMinBond())));
        facts[n++] = Fact("registry treasury", _word(registry.treasury()));
    }

    function _balances() private view returns (bytes memory out) {
        address[10] memory holders = [
            _grid.settlement,
            _grid.registry,
            _grid.nft,
            _grid.aigc,
            _grid.authority,
            treasury,
            thief.addr,
            requester.addr,
            worker.addr,
            modelOwner
        ];
        for (uint256 i; i < holders.length; ++i) {
            out = abi.encode(out, aipg.balanceOf(holders[i]));
        }
    }

    // ---------------------------------------------------------------- the thefts

    function assertRow(uint256 index) external {
        Row memory row = _rows[index];
        bytes4 selector = bytes4(row.data);
        uint64 role = _authority.getTargetFunctionRole(row.target, selector);
        string memory name = string.concat(vm.toString(row.target), " ", vm.toString(abi.encodePacked(selector)));
        // Unpausing needs a pause.
        if (selector == AIGC.unpause.selector) {
            vm.prank(_holders[GridRoles.GUARDIAN]);
            AIGC(row.target).pause();
        }
        Fact[] memory before = _facts();
        uint32 delay = _steal(role, row.target, row.data);
        assertEq(delay, [uint32(3 days), 2 days, 1 days, 0, 0][role], name);
        Fact[] memory afterwards = _facts();
        uint256 changed;
        for (uint256 i; i < before.length; ++i) {
            if (before[i].value == afterwards[i].value) continue;
            ++changed;
            assertTrue(_names(row.changes, before[i].name), string.concat(name, " changed ", before[i].name));
        }
        assertEq(changed, row.changes.length, name);
    }

    /// @dev Calls as the holder of a role, after its delay and not a second earlier.
    function _steal(uint64 role, address target, bytes memory data) private returns (uint32 delay) {
        address holder = _holders[role];
        (, delay) = _authority.hasRole(role, holder);
        if (delay != 0) {
            bytes32 operation = _authority.hashOperation(holder, target, data);
            vm.prank(holder);
            _authority.schedule(target, data, 0);
            skip(delay - 1);
            vm.prank(holder);
            (bool early, bytes memory answer) = target.call(data);
            assertFalse(early);
            assertEq(answer, abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation));
            skip(1);
        }
        vm.prank(holder);
        (bool ok, bytes memory reason) = target.call(data);
        assertTrue(ok, string(reason));
    }

    function _doAll(uint64 role) private {
        uint256 done;
        for (uint256 i; i < _rows.length; ++i) {
            bytes4 selector = bytes4(_rows[i].data);
            if (_authority.getTargetFunctionRole(_rows[i].target, selector) != role) continue;
            if (!_isRestricted(_rows[i].target, selector)) continue;
            _steal(role, _rows[i].target, _rows[i].data);
            ++done;
        }
        assertGt(done, 1);
    }

    // ---------------------------------------------------------------- leaving

    function _assertEverybodyLeavesWhole() private {
        // A voucher is paid as before, at the lane's own fee.
        uint128 fees = settlement.protocolAccruedOf(worker.addr);
        assertEq(_collect(_lane, _voucher(_laneId_, MODEL, 15e18, 0)), 10e18);
        assertEq(settlement.protocolAccruedOf(worker.addr) - fees, 10e18 * uint256(PROTOCOL_BPS) / 10_000);
        uint128 royalty = settlement.modelEarnedOf(MODEL);
        uint256 before = aipg.balanceOf(modelOwner);
        vm.prank(modelOwner);
        settlement.claimModelRoyalty(MODEL);
        assertEq(aipg.balanceOf(modelOwner) - before, royalty);
        _everybodyButModelOwnersLeave();
        // The protocol's share alone is left.
        assertEq(aipg.balanceOf(address(settlement)), settlement.protocolAccruedOf(worker.addr));
        assertEq(aipg.balanceOf(address(registry)), 0);
    }

    /// @dev Payer, lane and worker: in full, at their own delays.
    function _everybodyButModelOwnersLeave() private returns (uint256 left) {
        uint256 payersBefore = aipg.balanceOf(requester.addr);
        uint256 workersBefore = aipg.balanceOf(worker.addr);
        uint128 due = settlement.accountOf(requester.addr).balance + settlement.laneOf(_laneId_).free;
        uint128 earned = settlement.earnedOf(worker.addr);
        vm.startPrank(requester.addr);
        settlement.thawLane(_lane, type(uint128).max);
        skip(1 days);
        settlement.finaliseLaneThaw(_lane);
        settlement.thaw(due);
        skip(1 hours);
        settlement.withdraw(requester.addr);
        vm.stopPrank();
        assertEq(aipg.balanceOf(requester.addr) - payersBefore, due);
        vm.startPrank(worker.addr);
        settlement.claimEarned(worker.addr);
        assertEq(aipg.balanceOf(worker.addr) - workersBefore, earned);
        registry.announceUnbond(BOND);
        skip(registry.UNBOND_DELAY());
        registry.withdraw(worker.addr);
        vm.stopPrank();
        assertEq(aipg.balanceOf(worker.addr) - workersBefore, uint256(earned) + BOND);
        return uint256(due) + earned;
    }

    // ---------------------------------------------------------------- the world

    function _deployGrid() private {
        _deployConfig = DeployConfig({
            deployer: address(this),
            admin: admin,
            upgrader: makeAddr("upgrader"),
            params: params,
            curator: makeAddr("curator"),
            guardian: guardian,
            treasury: treasury,
            collectionOwner: makeAddr("collection owner"),
            aipg: address(0),
            registrationFee: 10e18,
            mintFee: 1e18,
            protocolBps: PROTOCOL_BPS,
            contractURI: "ipfs://collection",
            externalUrl: "https://grid.example/token/",
            salt: keccak256("leaked keys")
        });
        _grid = new Deploy().deploy(_deployConfig);
        aipg = AIPG(_grid.aipg);
        _authority = GridAuthority(_grid.authority);
        aigc = AIGC(_grid.aigc);
        nft = GridNFT(_grid.nft);
        settlement = GridSettlement(_grid.settlement);
        registry = settlement.registry();
        _holders[GridRoles.ADMIN] = admin;
        _holders[GridRoles.UPGRADER] = _deployConfig.upgrader;
        _holders[GridRoles.PARAMS] = params;
        _holders[GridRoles.CURATOR] = _deployConfig.curator;
        _holders[GridRoles.GUARDIAN] = guardian;
    }

    /// @dev A model, a worker with a bond, a lane with a payment, an order settled and minted.
    function _live() private {
        aipg.mint(address(this), 1000e18);
        aipg.approve(_grid.aigc, type(uint256).max);
        for (uint256 i; i < MODEL; ++i) {
            aigc.register(_spec(), modelOwner, type(uint128).max);
        }
        aipg.mint(requester.addr, 1000e18);
        vm.prank(requester.addr);
        aipg.approve(_grid.nft, type(uint256).max);
        _bond(worker.addr, BOND);
        _deposit(requester.addr, FUNDS);
        _lane = _laneConfig();
        _laneId_ = _open(_lane, FUNDS);
        _collect(_lane, _voucher(_laneId_, MODEL, 5e18, keccak256("root")));
        Body memory body = _body(_prompts("a picture"));
        settlement.settle(_order(body, 1));
        vm.prank(requester.addr);
        nft.mint(NftBody.pack(body), _noProof(), requester.addr, type(uint128).max);
    }

    // ---------------------------------------------------------------- helpers

    /// @dev Returns whether a stranger is refused by the authority. Zero words are valid arguments of any function.
    function _isRestricted(address target, bytes4 selector) private returns (bool) {
        uint256 state = vm.snapshotState();
        vm.prank(thief.addr);
        (bool ok, bytes memory answer) = target.call(bytes.concat(selector, new bytes(1024)));
        vm.revertToState(state);
        return !ok
            && keccak256(answer)
                == keccak256(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, thief.addr));
    }

    function _rowsOf(address target, bytes4 selector) private view returns (uint256 count) {
        for (uint256 i; i < _rows.length; ++i) {
            if (_rows[i].target == target && bytes4(_rows[i].data) == selector) ++count;
        }
    }

    function _permissionsOf(address target, bytes4 selector) private view returns (uint256 count) {
        Permission[] memory all = GridGovernance.permissions(_grid);
        for (uint256 i; i < all.length; ++i) {
            if (all[i].target == target && all[i].selector == selector) ++count;
        }
    }

    function _names(string[] memory list, string memory name) private pure returns (bool) {
        for (uint256 i; i < list.length; ++i) {
            if (LibString.eq(list[i], name)) return true;
        }
        return false;
    }

    function _word(bool value) private pure returns (bytes32) {
        return bytes32(value ? uint256(1) : 0);
    }

    function _word(address value) private pure returns (bytes32) {
        return bytes32(uint256(uint160(value)));
    }
}

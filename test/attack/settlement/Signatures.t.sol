// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GridSettlement} from "../../../contracts/GridSettlement.sol";
import {IGridSettlement, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {JobOrder, JobReceipt, LaneConfig, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {SignerRoles} from "../../../contracts/settlement/SignerRoles.sol";
import {SettlementBase} from "../../utils/SettlementBase.sol";

/// @dev A wallet whose owner decides afterwards what it has signed (ERC-1271).
contract FickleWallet {
    bytes4 public answer = 0x1626ba7e;

    function turn() external {
        answer = 0xffffffff;
    }

    function isValidSignature(bytes32, bytes calldata) external view returns (bytes4) {
        return answer;
    }
}

/// @notice Threats 14 to 21, 29 to 31, 37a and 37b: forged, replayed, retracted and malformed signatures.
contract SettlementSignatureAttacks is SettlementBase {
    uint256 private constant ORDER_OF_CURVE = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;

    LaneConfig private _config;
    bytes32 private _lane;

    function setUp() public override {
        super.setUp();
        _bond(worker.addr, BOND);
        _config = _laneConfig();
        _lane = _open(_config, FUNDS);
        _deposit(payer.addr, FUNDS);
    }

    function test_T14_ReplayOnAnotherDeployment() external {
        Settlement memory item = _settlement(1, 1);
        Voucher memory voucher = _voucher(_lane, MODEL, 1e18, 0);
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        GridSettlement other = _deploySettlement(models);
        // The same terms make another lane there, so the voucher names none.
        assertNotEq(other.laneIdOf(_config), _lane);
        vm.prank(worker.addr);
        vm.expectRevert(
            abi.encodeWithSelector(IGridSettlement.GridSettlement_VoucherLane.selector, other.laneIdOf(_config), _lane)
        );
        other.collect(_config, voucher, signature, "");
        assertEq(_selectorOf(other, item), IGridSettlement.GridSettlement_OrderSignature.selector);
        settlement.settle(item);
    }

    function test_T14_ReplayOnAFork() external {
        Settlement memory item = _settlement(1, 1);
        Voucher memory voucher = _voucher(_lane, MODEL, 1e18, 0);
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.chainId(block.chainid + 1);
        assertEq(_selectorOf(settlement, item), IGridSettlement.GridSettlement_OrderSignature.selector);
        bytes32 forked = settlement.laneIdOf(_config);
        vm.prank(worker.addr);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_VoucherLane.selector, forked, _lane));
        settlement.collect(_config, voucher, signature, "");
    }

    function test_T15_OneReceiptOnBothRails() external {
        // A receipt of an order that names the lane can't be settled directly, whoever signs what.
        JobOrder memory order = _order();
        order.laneId = _lane;
        Settlement memory item = _settlementOf(order, payer, worker);
        vm.expectRevert(abi.encodeWithSelector(IGridSettlement.GridSettlement_OrderOfLane.selector, _lane));
        settlement.settle(item);
        // With the lane left out the order is another: neither signature fits.
        item.order.laneId = 0;
        assertEq(_selectorOf(settlement, item), IGridSettlement.GridSettlement_OrderSignature.selector);
        item.orderSignature = _sign(payer, _orderDigest(item.order));
        assertEq(_selectorOf(settlement, item), IGridSettlement.GridSettlement_ReceiptSignature.selector);
    }

    function testFuzz_T16_VouchersInAnyOrder(uint256 seed) external {
        Voucher[5] memory vouchers;
        for (uint128 i; i < 5; ++i) {
            vouchers[i] = _voucher(_lane, MODEL, (i + 1) * 10e18, keccak256(abi.encode(i)));
        }
        uint256 paid;
        uint128 highest;
        for (uint256 i; i < 12; ++i) {
            Voucher memory voucher = vouchers[uint256(keccak256(abi.encode(seed, i))) % 5];
            if (voucher.totals[0].cumulative > highest) highest = voucher.totals[0].cumulative;
            paid += _collect(_config, voucher);
            assertEq(paid, highest);
            assertEq(settlement.laneTotalOf(_lane, MODEL).cumulative, highest);
            (address by,,) = settlement.anchorOf(_lane, payer.addr, voucher.receiptsRoot);
            assertEq(by, worker.addr);
        }
    }

    function test_T18_AWalletThatTurnsItsAnswer() external {
        // Nothing a wallet's code says is ever asked: as a payer it needs a key, whose signature it can't turn.
        FickleWallet wallet = new FickleWallet();
        _deposit(address(wallet), FUNDS);
        JobOrder memory order = _order();
        order.payer = address(wallet);
        Settlement memory item = _settlementOf(order, thief, worker);
        assertEq(_selectorOf(settlement, item), IGridSettlement.GridSettlement_OrderSignature.selector);
        _addSigner(address(wallet), orderSigner, SignerRoles.ORDER_SIGNER);
        item = _settlementOf(order, orderSigner, worker);
        wallet.turn();
        settlement.settle(item);
        assertEq(_balance(address(wallet)), FUNDS - 1e18);
    }

    function test_T18_ADelegationPutOnASignerAfterwards() external {
        Settlement memory item = _settlement(1, 1);
        Voucher memory voucher = _voucher(_lane, MODEL, 1e18, keccak256("root"));
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        FickleWallet code = new FickleWallet();
        code.turn();
        vm.etch(payer.addr, abi.encodePacked(hex"ef0100", address(code)));
        vm.etch(worker.addr, abi.encodePacked(hex"ef0100", address(code)));
        settlement.settle(item);
        vm.prank(worker.addr);
        assertEq(settlement.collect(_config, voucher, signature, ""), 1e18);
    }

    function test_T19_KeyRevokedAfterTheWork() external {
        _addSigner(payer.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        Settlement memory item = _settlementOf(_order(), orderSigner, worker);
        vm.prank(payer.addr);
        settlement.revokeSigner(orderSigner.addr);
        skip(25 minutes); // the order's whole life
        settlement.settle(item);
        assertEq(_balance(payer.addr), FUNDS - 1e18);
    }

    function test_T19_RevokedKeyRegisteredAgain() external {
        _addSigner(payer.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        vm.prank(payer.addr);
        settlement.revokeSigner(orderSigner.addr);
        skip(2 days);
        // Neither by its account, nor by another, nor in another role.
        Person[2] memory accounts = [payer, thief];
        for (uint256 i; i < 2; ++i) {
            for (uint8 role = 1; role <= 4; ++role) {
                bytes memory proof = _signProof(orderSigner, accounts[i].addr, role, uint64(block.timestamp));
                vm.prank(accounts[i].addr);
                vm.expectRevert(
                    abi.encodeWithSelector(IGridSettlement.GridSettlement_SignerTaken.selector, orderSigner.addr)
                );
                settlement.addSigner(orderSigner.addr, role, uint64(block.timestamp), proof);
            }
        }
    }

    function test_T20_MalleableAndPaddedSignatures() external {
        Settlement memory item = _settlement(1, 1);
        bytes memory good = item.orderSignature;
        (bytes32 r, bytes32 s, uint8 v) = _parts(good);
        bytes[] memory bad = new bytes[](7);
        bad[0] = abi.encodePacked(r, bytes32(ORDER_OF_CURVE - uint256(s)), v == 27 ? uint8(28) : uint8(27)); // high s
        bad[1] = abi.encodePacked(r, s, v - 27);
        bad[2] = abi.encodePacked(r, s, v + 8);
        bad[3] = abi.encodePacked(r, bytes32(uint256(s) | (uint256(v - 27) << 255))); // ERC-2098
        bad[4] = abi.encodePacked(good, bytes31(0)); // padded to 96
        bad[5] = abi.encodePacked(bytes32(0), s, v);
        bad[6] = abi.encodePacked(r, bytes32(0), v);
        for (uint256 i; i < bad.length; ++i) {
            item.orderSignature = bad[i];
            assertEq(_selectorOf(settlement, item), IGridSettlement.GridSettlement_OrderSignature.selector);
            item.orderSignature = good;
            bytes memory receiptSignature = item.receipts[0].signature;
            item.receipts[0].signature = bad[i];
            assertEq(_selectorOf(settlement, item), IGridSettlement.GridSettlement_ReceiptSignature.selector);
            item.receipts[0].signature = receiptSignature;
        }
        settlement.settle(item);
    }

    function test_T21_DirtyUpperBits() external {
        // The order's narrow fields; its words follow the selector and the item's offset.
        bytes memory call = abi.encodeCall(IGridSettlement.settle, (_settlement(1, 1)));
        uint256 start = 4 + 32;
        uint256[7] memory narrow = [uint256(0), 1, 2, 4, 7, 8, 9];
        for (uint256 i; i < 7; ++i) {
            bytes memory dirty = bytes.concat(call);
            dirty[start + narrow[i] * 32] = 0x01;
            (bool ok,) = address(settlement).call(dirty);
            assertFalse(ok);
        }
        // A receipt's narrow fields: index, seed, completedAt, price.
        uint256 output = _find(call, abi.encode(_output(0, 1e18).engineHash)) - 64;
        uint256[4] memory fields = [uint256(0), 1, 5, 6];
        for (uint256 i; i < 4; ++i) {
            bytes memory dirty = bytes.concat(call);
            dirty[output + fields[i] * 32] = 0x01;
            (bool ok,) = address(settlement).call(dirty);
            assertFalse(ok);
        }
        (bool clean,) = address(settlement).call(call);
        assertTrue(clean);
    }

    function test_T29_RootsThatAreNone() external {
        // No voucher anchors the empty root, and a settlement's root is never empty.
        _collect(_config, _voucher(_lane, MODEL, 1e18, 0));
        (address by,,) = settlement.anchorOf(_lane, payer.addr, 0);
        assertEq(by, address(0));
        (by,,) = settlement.anchorOf(0, payer.addr, 0);
        assertEq(by, address(0));
        // The root of a single receipt is its leaf, a hash of 32 bytes: not the receipt's id.
        Settlement memory item = _settlement(1, 1);
        bytes32 id = _receiptDigest(_receipt(item, 0));
        assertEq(settlement.settle(item), keccak256(bytes.concat(id)));
        (by,,) = settlement.anchorOf(0, payer.addr, id);
        assertEq(by, address(0));
    }

    function test_T30_BackDatedReceiptAfterAKeyLeak() external {
        // A thief has the worker's hot key. After the revocation is in force it can't date receipts back into its time.
        _addSigner(worker.addr, workerSigner, SignerRoles.WORKER_SIGNER);
        vm.prank(worker.addr);
        settlement.revokeSigner(workerSigner.addr);
        skip(1 days + 1);
        JobOrder memory order = _order();
        Settlement memory item = _settlementOf(order, payer, workerSigner);
        item.receipts[0].completedAt -= 2 days;
        _signReceipts(item, workerSigner);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_ReceiptSignature.selector, 0, worker.addr, workerSigner.addr
            )
        );
        settlement.settle(item);
    }

    function test_T31_TwoImagesForOneJob() external {
        Settlement memory item = _settlement(1, 1);
        Settlement memory twin = _settlement(1, 1);
        twin.receipts[0].imageHash = keccak256("another");
        _signReceipts(twin, worker);
        settlement.settle(item);
        // The second is not paid, and costs the worker a bond.
        assertEq(_selectorOf(settlement, twin), IGridSettlement.GridSettlement_NonceUsed.selector);
        uint128 minBond = registry.minBond();
        (JobReceipt memory a, JobReceipt memory b) = (_receipt(item, 0), _receipt(twin, 0));
        vm.prank(payer.addr);
        assertEq(settlement.slashEquivocation(a, item.receipts[0].signature, b, twin.receipts[0].signature), minBond);
        assertEq(registry.rewardOf(payer.addr), minBond / 5);
    }

    function test_T37a_InventedReceiptsOfAFamousWorker() external {
        // The payer signs a root nobody worked for. Without the worker it is worth nothing.
        Voucher memory voucher = _voucher(_lane, MODEL, 1, keccak256("invented"));
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.startPrank(payer.addr);
        vm.expectRevert(
            abi.encodeWithSelector(
                IGridSettlement.GridSettlement_NotAttested.selector, worker.addr, payer.addr, address(0)
            )
        );
        settlement.collect(_config, voucher, signature, "");
        // Nor does a counter-signature of another voucher help: it recovers to nobody who is known.
        Voucher memory honest = _voucher(_lane, MODEL, 1, keccak256("honest"));
        bytes memory counter = _sign(worker, _voucherDigest(honest));
        (bool ok, bytes memory answer) =
            address(settlement).call(abi.encodeCall(IGridSettlement.collect, (_config, voucher, signature, counter)));
        assertFalse(ok);
        assertEq(bytes4(answer), IGridSettlement.GridSettlement_NotAttested.selector);
    }

    function test_T37b_AnOrderOnTheVictimsAccount() external {
        JobOrder memory order = _order();
        order.requester = thief.addr;
        order.worker = thief.addr;
        // Signed by the requester, by the worker, by a key the thief registered for itself.
        _addSigner(thief.addr, orderSigner, SignerRoles.ORDER_SIGNER);
        Person[2] memory signers = [thief, orderSigner];
        for (uint256 i; i < 2; ++i) {
            Settlement memory item = _settlementOf(order, signers[i], thief);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IGridSettlement.GridSettlement_OrderSignature.selector, payer.addr, signers[i].addr
                )
            );
            settlement.settle(item);
        }
    }

    function test_T37j_ACopiedOrderUsesNobodysNonce() external {
        // Whoever copies an order into its own name uses its own nonce; the original stays good.
        Settlement memory item = _settlement(1, 1);
        JobOrder memory copy = item.order;
        _deposit(thief.addr, FUNDS);
        JobOrder memory stolen = JobOrder({
            requester: copy.requester,
            payer: thief.addr,
            worker: thief.addr,
            laneId: 0,
            feeConfigId: copy.feeConfigId,
            modelId: copy.modelId,
            requestHash: copy.requestHash,
            count: copy.count,
            maxPrice: copy.maxPrice,
            deadline: copy.deadline,
            nonce: copy.nonce
        });
        settlement.settle(_settlementOf(stolen, thief, thief));
        assertFalse(settlement.isNonceUsed(payer.addr, 1));
        settlement.settle(item);
    }

    // ---------------------------------------------------------------- help

    function _selectorOf(GridSettlement target, Settlement memory item) private returns (bytes4) {
        (bool ok, bytes memory answer) = address(target).call(abi.encodeCall(IGridSettlement.settle, (item)));
        assertFalse(ok);
        return bytes4(answer);
    }

    function _parts(bytes memory signature) private pure returns (bytes32 r, bytes32 s, uint8 v) {
        assembly {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }

    function _find(bytes memory haystack, bytes memory word) private pure returns (uint256) {
        for (uint256 place = 4; place + 32 <= haystack.length; place += 32) {
            bytes32 found;
            assembly {
                found := mload(add(add(haystack, 0x20), place))
            }
            if (found == bytes32(word)) return place;
        }
        revert("not found");
    }
}

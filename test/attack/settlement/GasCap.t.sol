// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAIGC} from "../../../contracts/interfaces/IAIGC.sol";
import {Display, IGridNFT, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {IGridSettlement, ReceiptOutput, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {JobOrder, LaneConfig, ModelTotal, Voucher} from "../../../contracts/messages/GridMessages.sol";
import {Body, BodyArtwork, NftBody} from "../../utils/NftBody.sol";
import {NftGridBase} from "../../utils/NftGridBase.sol";
import {NftTree} from "../../utils/NftTree.sol";
import {TransactionGas} from "../../utils/TransactionGas.sol";

/// @notice Threats 26 and 35: every function that takes a list, against Base's cap for a transaction, call data included. What can't be
/// split fits at its largest. What can be split costs the same for each entry, however many there are.
contract GasCapTest is NftGridBase, TransactionGas {
    uint256 private constant ETH_CALL = 25_000_000;

    address[] private _cold;

    function setUp() public override {
        super.setUp();
        _cold = [address(settlement), address(registry), address(aipg), address(aigc), address(nft)];
        _deposit(requester.addr, FUNDS);
    }

    // ---------------------------------------------------------------- what can't be split

    /// @dev An order's receipts are settled together: 256 of them, the most there can be, in one transaction.
    function test_T35_TheLargestOrderFitsTheCap() external {
        Settlement memory item = _settlement(256, 1);
        bytes memory data = abi.encodeCall(IGridSettlement.settle, (item));
        assertLt(data.length, RELAY_CAP, "bytes");
        _assertFits("settle, 256 receipts", worker.addr, address(settlement), data);
    }

    /// @dev A voucher has at most 16 rows; each asks for a royalty and writes its total.
    function test_T35_TheLongestVoucherFitsTheCap() external {
        LaneConfig memory config = _laneConfig();
        bytes32 laneId = _open(config, FUNDS);
        Voucher memory voucher = _voucher(laneId, MODEL, 1e18, keccak256("root"));
        voucher.totals = new ModelTotal[](settlement.MAX_VOUCHER_ROWS());
        for (uint256 i; i < voucher.totals.length; ++i) {
            voucher.totals[i] = ModelTotal({modelId: i + 1, cumulative: 1e18});
        }
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        bytes memory data = abi.encodeCall(IGridSettlement.collect, (config, voucher, signature, ""));
        uint256 used = _assertFits("collect, 16 rows", worker.addr, address(settlement), data);
        assertLt(used, 3_000_000);
    }

    // ---------------------------------------------------------------- what can be split

    function test_T35_SettleBatchCostsTheSameForEach() external {
        _assertLinear("settleBatch, of one receipt", worker.addr, address(settlement), _settleBatch, 100);
        assertEq(settlement.earnedOf(worker.addr), 100 * 0.85e18, "all are paid");
    }

    function test_T35_SweepProtocolCostsTheSameForEach() external {
        uint256 before = aipg.balanceOf(treasury);
        _assertLinear("sweepProtocol", stranger, address(settlement), _sweepProtocol, 60);
        assertEq(aipg.balanceOf(treasury) - before, 60 * 0.05e18, "all are swept");
    }

    function test_T35_AnnounceCancelCostsTheSameForEach() external {
        _assertLinear("announceCancel, each in a word of its own", requester.addr, address(settlement), _announce, 250);
    }

    function test_T35_CancelOrdersCostsTheSameForEach() external {
        _assertLinear("cancelOrders, each in a word of its own", requester.addr, address(settlement), _cancel, 250);
    }

    function test_T35_SetDisplayCostsTheSameForEach() external {
        _mintSeries(200);
        _assertLinear("setDisplay, 300 bytes of text", requester.addr, address(nft), _setDisplay, 200);
    }

    function test_T35_FreezeCostsTheSameForEach() external {
        _mintSeries(200);
        _assertLinear("freeze", requester.addr, address(nft), _freeze, 200);
    }

    // ---------------------------------------------------------------- what is read in an eth_call

    function test_T35_ListsOfModelsAreReadInAnEthCall() external {
        uint256[] memory ids = new uint256[](500);
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = 1 + i % MODEL;
        }
        _assertRead("canUseEach of 500", abi.encodeCall(IAIGC.canUseEach, (ids, stranger)));
        _assertRead("modelsOf 500", abi.encodeCall(IAIGC.modelsOf, (ids)));
    }

    // ---------------------------------------------------------------- a part of an item

    /// @dev A front-runner tries to settle a part of one order of a batch: it is refused, and the batch pays all three.
    function test_T26_APartOfAnItemOfABatchIsRefused() external {
        Settlement[] memory items = new Settlement[](3);
        for (uint256 i; i < 3; ++i) {
            items[i] = _settlement(3, i);
        }
        uint256[2] memory kept = [uint256(1), 2];
        for (uint256 round; round < 2; ++round) {
            uint256 state = vm.snapshotState();
            Settlement memory part = abi.decode(abi.encode(items[1]), (Settlement));
            part.receipts = new ReceiptOutput[](kept[round]);
            for (uint256 i; i < part.receipts.length; ++i) {
                part.receipts[i] = items[1].receipts[i];
            }
            uint128 before = settlement.earnedOf(worker.addr);
            vm.prank(thief.addr);
            vm.expectRevert(
                abi.encodeWithSelector(
                    IGridSettlement.GridSettlement_OrderIncomplete.selector, kept[round], 3, thief.addr
                )
            );
            settlement.settle(part);
            bytes4[] memory failures = settlement.settleBatch(items);
            for (uint256 i; i < 3; ++i) {
                assertEq(failures[i], bytes4(0));
            }
            assertEq(settlement.earnedOf(worker.addr) - before, 9 * 0.85e18);
            vm.revertToState(state);
        }
    }

    // ---------------------------------------------------------------- calls of `count` entries

    function _settleBatch(uint256 count) internal view returns (bytes memory) {
        Settlement[] memory items = new Settlement[](count);
        for (uint256 i; i < count; ++i) {
            items[i] = _settlement(1, (1 + i) << 8);
        }
        return abi.encodeCall(IGridSettlement.settleBatch, (items));
    }

    /// @dev Workers of whom each owes fees.
    function _sweepProtocol(uint256 count) internal returns (bytes memory) {
        address[] memory workers = new address[](count);
        for (uint256 i; i < count; ++i) {
            Person memory other = _person(string.concat("worker ", vm.toString(i)));
            JobOrder memory order = _order();
            (order.worker, order.nonce) = (other.addr, 1000 + i);
            settlement.settle(_settlementOf(order, payer, other));
            workers[i] = other.addr;
        }
        return abi.encodeCall(IGridSettlement.sweepProtocol, (workers));
    }

    function _announce(uint256 count) internal pure returns (bytes memory) {
        return abi.encodeCall(IGridSettlement.announceCancel, (_nonces(count)));
    }

    function _cancel(uint256 count) internal returns (bytes memory) {
        vm.prank(requester.addr);
        settlement.announceCancel(_nonces(count));
        skip(1 hours);
        return abi.encodeCall(IGridSettlement.cancelOrders, (requester.addr, _nonces(count)));
    }

    function _setDisplay(uint256 count) internal pure returns (bytes memory) {
        Display memory display;
        display.title = "A title of the usual length";
        display.description = string(_text(250));
        display.animationUrl = "ipfs://bafybeihdwdcefgh";
        return abi.encodeCall(IGridNFT.setDisplay, (_tokens(count), display));
    }

    function _freeze(uint256 count) internal pure returns (bytes memory) {
        return abi.encodeCall(IGridNFT.freeze, (_tokens(count)));
    }

    // ---------------------------------------------------------------- internal

    /// @dev `count` entries fit; and twice as many cost at most twice as much. A loop within the loop would cost four times.
    function _assertLinear(
        string memory what,
        address from,
        address to,
        function(uint256) internal returns (bytes memory) make,
        uint256 count
    ) private {
        uint256 state = vm.snapshotState();
        uint256 half = _transact(from, to, make(count / 2), _cold);
        vm.revertToState(state);
        bytes memory data = make(count);
        assertLt(data.length, RELAY_CAP, "bytes");
        uint256 whole = _assertFits(string.concat(what, ", ", vm.toString(count)), from, to, data);
        assertLt(whole, 2 * half + half / 10, what);
    }

    function _assertFits(string memory what, address from, address to, bytes memory data)
        private
        returns (uint256 used)
    {
        used = _transact(from, to, data, _cold);
        emit log_named_uint(what, used);
        assertLt(used, TRANSACTION_CAP, what);
    }

    function _assertRead(string memory what, bytes memory data) private {
        _cool(address(aigc));
        uint256 left = gasleft();
        (bool ok,) = address(aigc).staticcall(data);
        uint256 used = left - gasleft();
        assertTrue(ok);
        emit log_named_uint(what, used);
        assertLt(used, ETH_CALL, what);
    }

    function _mintSeries(uint256 count) private {
        Body memory body = _body(_prompts("a picture"));
        body.artworks = new BodyArtwork[](count);
        for (uint256 i; i < count; ++i) {
            body.artworks[i].index = uint8(i);
            body.artworks[i].completedAt = uint40(block.timestamp);
            body.artworks[i].imageHash = keccak256(abi.encode("image", i));
        }
        Settlement memory item = _order(body, 7);
        settlement.settle(item);
        uint256[] memory all = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            all[i] = i;
        }
        ReceiptProof[] memory proofs = new ReceiptProof[](1);
        proofs[0] = NftTree.proveMany(NftTree.build(_leaves(item)), all);
        vm.prank(requester.addr);
        nft.mint(NftBody.pack(body), proofs, requester.addr, type(uint128).max);
    }

    function _nonces(uint256 count) private pure returns (uint256[] memory nonces) {
        nonces = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            nonces[i] = (1 + i) << 8;
        }
    }

    function _tokens(uint256 count) private pure returns (uint256[] memory ids) {
        ids = new uint256[](count);
        for (uint256 i; i < count; ++i) {
            ids[i] = 1001 + i;
        }
    }

    function _text(uint256 length) private pure returns (bytes memory text) {
        text = new bytes(length);
        for (uint256 i; i < length; ++i) {
            text[i] = bytes1(uint8(97 + i % 26));
        }
    }
}

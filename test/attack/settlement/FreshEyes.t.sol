// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AnchorProof, Settlement} from "../../../contracts/interfaces/IGridSettlement.sol";
import {GridMessages, LaneConfig, Voucher} from "../../../contracts/libraries/GridMessages.sol";
import {SignerRoles} from "../../../contracts/libraries/SignerRoles.sol";
import {SlashingBase} from "../../utils/SlashingBase.sol";

/// @notice Findings: each test says what the documents promise, and fails.
contract FreshEyesFindings is SlashingBase {
    /// @dev docs/security.md, Trust, payer on the direct rail: "two different pictures for one job cost its bond". A worker
    /// delivers picture A signed by a key in the last second of its revocation delay (SDK and cloud ask `isSigner`, which
    /// says yes), and settles picture B signed by its cold key. A can't be settled and can't be reported, on either entry.
    function test_Finding_TwoPicturesByADyingKeyCostNothing() external {
        _revoke();
        vm.warp(_revokedAt + 1 days);
        Settlement memory item = _settlement(1, 77);
        _signReceipts(item, workerSigner);
        _a = _receipt(item, 0);
        // What sdk's requireSigners and cloud's complete ask before they take a picture.
        assertTrue(settlement.isSigner(worker.addr, SignerRoles.WORKER_SIGNER, workerSigner.addr), "accepted");
        // Another picture for the same job, seconds later, long before the order's deadline.
        skip(1);
        item.receipts[0].imageHash = keccak256("another image");
        _signReceipts(item, worker);
        _b = _receipt(item, 0);
        vm.prank(worker.addr);
        settlement.settle(item);
        AnchorProof memory proofB = AnchorProof(0, payer.addr, new bytes32[](0));
        bytes memory signatureA = _sign(workerSigner, _receiptDigest(_a));
        bytes memory signatureB = _sign(worker, _receiptDigest(_b));
        vm.startPrank(payer.addr);
        try settlement.slashEquivocation(_a, signatureA, _b, signatureB) {} catch {}
        try settlement.slashRevokedSigner(_a, signatureA, _none(), _b, signatureB, proofB) {} catch {}
        try settlement.slashRevokedSigner(_a, signatureA, proofB, _b, signatureB, proofB) {} catch {}
        vm.stopPrank();
        assertLt(registry.bondOf(worker.addr), BOND, "two different pictures for one job cost the worker nothing");
    }

    /// @dev docs/security.md, leaked WORKER_SIGNER: a thief can't "report a job of other people, unless its payer or requester
    /// helps". Within the day after the revocation it anchors a copy of their receipt in a lane of its own, and is "the payer
    /// of that receipt" then: `NotConcerned` looks at the payer of the proof's anchor, which anybody can make.
    function test_Finding_TheThiefReportsAJobOfOtherPeople() external {
        _anchorOnLane(_a, 4, 3);
        _revoke();
        AnchorProof memory proof = _anchorOnThiefsLane(GridMessages.leafOf(_receiptDigest(_a)));
        skip(13 days);
        bytes memory signatureA = _sign(workerSigner, _receiptDigest(_a));
        bytes memory signatureB = _sign(workerSigner, _receiptDigest(_b));
        vm.prank(thief.addr);
        try settlement.slashRevokedSigner(_a, signatureA, proof, _b, signatureB, _none()) {} catch {}
        assertFalse(settlement.isSlashed(worker.addr, _a.orderHash, _a.index), "other people's job was reported");
    }

    /// @dev The same row: a thief can't report "with an invented receipt beside a receipt of another key". The honest receipt
    /// is of another key and may even be made days after the leaked one was dead: the thief knows its own orders' hashes.
    function test_Finding_TheThiefsInventedReceiptBesideOneOfAnotherKey() external {
        _revoke();
        AnchorProof memory proof = _anchorOnThiefsLane(GridMessages.leafOf(_receiptDigest(_b)));
        skip(13 days);
        // Now the worker does the job honestly, with its own key.
        bytes memory signatureA = _sign(worker, _receiptDigest(_a));
        bytes memory signatureB = _sign(workerSigner, _receiptDigest(_b));
        vm.prank(thief.addr);
        try settlement.slashRevokedSigner(_a, signatureA, _none(), _b, signatureB, proof) {} catch {}
        assertEq(registry.bondOf(worker.addr), BOND, "an invented receipt beside an honest one of another key");
    }

    /// @dev docs/security.md, Known limits: a dead key "is reported only by the payer or requester of a receipt that was
    /// anchored in time". The payer here is one, and both receipts were anchored in time. The evader signs the other picture
    /// with a second key, for a friend, under a root that shows nothing until the day is over. With one key the payer alone
    /// would do; with two nobody is concerned in both, but the friend.
    function test_Finding_TwoDeadKeysAndAFriendAreNeverReported() external {
        Person memory second = _person("second hot key");
        _addSigner(worker.addr, second, SignerRoles.WORKER_SIGNER);
        AnchorProof memory proofA = _anchorOnLane(_a, 4, 3);
        _b.requester = thief.addr;
        bytes32 leaf = GridMessages.leafOf(_receiptDigest(_b));
        AnchorProof memory proofB = _anchorOnThiefsLane(leaf);
        _revoke();
        vm.prank(worker.addr);
        settlement.revokeSigner(second.addr);
        // The friend mints now: only now the payer and the requester of the job see the contradiction.
        skip(1 days + 1);
        bytes memory signatureA = _sign(workerSigner, _receiptDigest(_a));
        bytes memory signatureB = _sign(second, _receiptDigest(_b));
        address[3] memory callers = [payer.addr, requester.addr, stranger];
        for (uint256 i; i < 3; ++i) {
            vm.startPrank(callers[i]);
            try settlement.slashEquivocation(_a, signatureA, _b, signatureB) {} catch {}
            try settlement.slashRevokedSigner(_a, signatureA, proofA, _b, signatureB, proofB) {} catch {}
            try settlement.slashRevokedSigner(_a, signatureA, proofA, _b, signatureB, _none()) {} catch {}
            vm.stopPrank();
        }
        assertLt(registry.bondOf(worker.addr), BOND, "two anchored pictures for one job cost the worker nothing");
    }

    function _anchorOnThiefsLane(bytes32 root) private returns (AnchorProof memory) {
        LaneConfig memory config = _laneConfig();
        (config.payer, config.payerSigner) = (thief.addr, thief.addr);
        bytes32 lane = _open(config, 1);
        Voucher memory voucher = _voucher(lane, MODEL, 1, root);
        bytes memory signature = _sign(thief, _voucherDigest(voucher));
        bytes memory counter = _sign(workerSigner, _voucherDigest(voucher));
        vm.prank(thief.addr);
        settlement.collect(config, voucher, signature, counter);
        return AnchorProof({laneId: lane, payer: thief.addr, proof: new bytes32[](0)});
    }
}

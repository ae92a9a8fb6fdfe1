// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGridNFT, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {GenerationRequest, GridMessages, JobReceipt} from "../../../contracts/messages/GridMessages.sol";
import {Body, NftBody} from "../../utils/NftBody.sol";
import {NftTest} from "../../utils/NftTest.sol";

/// @notice What a receipt gives away before its mint, and what it ties down.
contract ReceiptSecrets is NftTest {
    /// @dev The worker anchored one image; other bytes, or another place for them, are not what it signed.
    function testFuzz_T24_OtherBytesThanWereAnchoredAreRefused(bytes32 image, bytes32 cid) external {
        Body memory body = aBody(1);
        vm.assume(image != body.artworks[0].imageHash);
        ReceiptProof[] memory proofs = anchorAll(body, artist);
        body.artworks[0].imageHash = image;
        body.artworks[0].cidDigest = cid;
        bytes memory packed = NftBody.pack(body);

        bytes32 root = leavesOf(body, artist)[0];
        vm.prank(artist);
        vm.expectRevert(
            abi.encodeWithSelector(IGridNFT.GridNFT_NotAnchored.selector, 0, proofs[0].laneId, artist, root)
        );
        nft.mint(packed, proofs, artist, type(uint128).max);
    }

    /// @dev A dictionary that holds the right prompt finds it in a hash without salt, and not in one with.
    function test_T37_ASaltHidesAShortPrompt() external pure {
        GenerationRequest memory request = aRequest();
        string[4] memory dictionary = ["a dog", "a cat", "a red fox", "a lighthouse"];
        request.prompt = "a cat";
        request.salt = 0;
        assertEq(_guess(GridMessages.hashRequest(request), request, dictionary), 1);

        request.salt = keccak256("32 random bytes");
        bytes32 published = GridMessages.hashRequest(request);
        request.salt = 0;
        assertEq(_guess(published, request, dictionary), dictionary.length);
    }

    /// @dev The salt is out only when its owner mints: the token's provenance has it, and hashes to what was anchored.
    function test_T37_TheMintUncoversTheSalt() external {
        Body memory body = aBody(1);
        body.requests[0].prompt = "a cat";
        body.requests[0].salt = keccak256("32 random bytes");
        mintBody(body);

        GenerationRequest memory shown = nft.provenanceOf(1001).request;
        assertEq(shown.salt, body.requests[0].salt);
        JobReceipt memory receipt = receiptOf(body, 0, artist);
        assertEq(GridMessages.hashRequest(shown), receipt.requestHash);
        assertEq(nft.provenanceOf(1001).receiptId, receiptIdOf(body, 0, artist));
    }

    /// @return place Of the prompt in the dictionary; its length when no prompt fits.
    function _guess(bytes32 requestHash, GenerationRequest memory request, string[4] memory dictionary)
        private
        pure
        returns (uint256 place)
    {
        for (; place < dictionary.length; ++place) {
            request.prompt = dictionary[place];
            if (GridMessages.hashRequest(request) == requestHash) return place;
        }
    }
}

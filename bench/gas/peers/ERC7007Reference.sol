// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {ERC721URIStorage, ERC721} from "@openzeppelin/contracts/token/ERC721/extensions/ERC721URIStorage.sol";

/// @notice In the shape of the reference implementation that accompanies ERC-7007: the prompt names the token, a
/// verifier is asked, the JSON is put together at mint and stored as one string. The verifier here says yes to
/// everything, so no proof is paid for.
contract ERC7007Reference is ERC721URIStorage {
    address private immutable VERIFIER;

    event AigcData(uint256 indexed tokenId, bytes indexed prompt, bytes aigcData, bytes proof);

    error InvalidProof();

    constructor(address verifier) ERC721("", "") {
        VERIFIER = verifier;
    }

    function mint(address to, bytes calldata prompt, bytes calldata aigcData, string calldata uri, bytes calldata proof)
        external
        returns (uint256 tokenId)
    {
        tokenId = uint256(keccak256(prompt));
        _safeMint(to, tokenId);
        if (!IVerifier(VERIFIER).verifyProof(prompt, aigcData, proof)) revert InvalidProof();
        emit AigcData(tokenId, prompt, aigcData, proof);
        _setTokenURI(
            tokenId,
            string.concat("{", uri, ', "prompt": "', string(prompt), '", "aigc_data": "', string(aigcData), '"}')
        );
    }
}

interface IVerifier {
    function verifyProof(bytes calldata prompt, bytes calldata aigcData, bytes calldata proof)
        external
        view
        returns (bool);
}

contract YesVerifier is IVerifier {
    function verifyProof(bytes calldata, bytes calldata, bytes calldata) external pure returns (bool) {
        return true;
    }
}

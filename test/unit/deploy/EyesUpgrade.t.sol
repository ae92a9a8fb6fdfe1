// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC721/ERC721Upgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {GridNFT} from "../../../contracts/GridNFT.sol";
import {IModelTerms} from "../../../contracts/interfaces/IModelTerms.sol";
import {GridNFTStorage} from "../../../contracts/libraries/GridNFTStorage.sol";
import {TokenWord, TokenWords} from "../../../contracts/libraries/TokenWord.sol";
import {Upgrade} from "../../../script/Upgrade.s.sol";
import {DeployBase} from "../../utils/DeployBase.sol";

/// @dev Gives every token to somebody else.
contract ForgetfulNft is GridNFT {
    constructor(IERC20 aipg_, IModelTerms models_) GridNFT(aipg_, models_) {}

    function ownerOf(uint256) public pure override(ERC721Upgradeable, IERC721) returns (address) {
        return address(0xdead);
    }
}

contract UpgradeNftTo is Upgrade {
    function _requireLayout() internal view override {}

    function _creation(string memory, address proxy) internal view override returns (bytes memory) {
        return bytes.concat(
            type(ForgetfulNft).creationCode, abi.encode(GridNFT(proxy).aipg(), GridNFT(proxy).models())
        );
    }
}

/// @notice The rehearsal compares "what no upgrade may change". Of GridNFT it asks for no token.
contract EyesUpgrade is DeployBase {
    function test_Eyes_TheRehearsalSeesThatTokensHaveAnotherOwner() external {
        // A token, as a mint would leave it.
        mapping(uint256 => TokenWord) storage tokens = GridNFTStorage.load().tokens;
        uint256 slot;
        assembly ("memory-safe") {
            slot := tokens.slot
        }
        uint256 word = TokenWord.unwrap(TokenWords.minted(address(this), false));
        vm.store(grid.nft, keccak256(abi.encode(1001, slot)), bytes32(word));
        assertEq(nft.ownerOf(1001), address(this));

        UpgradeNftTo upgrade = new UpgradeNftTo();
        vm.expectRevert(abi.encodeWithSelector(Upgrade.Upgrade_RehearsalDiffers.selector, "GridNFT"));
        upgrade.schedule("GridNFT", grid.nft, config.upgrader);
    }
}

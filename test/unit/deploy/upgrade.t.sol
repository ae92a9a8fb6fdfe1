// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ERC721Upgradeable} from "@openzeppelin/contracts-upgradeable/token/ERC721/ERC721Upgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC721} from "@openzeppelin/contracts/token/ERC721/IERC721.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {GridNFT} from "../../../contracts/GridNFT.sol";
import {Access, Model, ModelFamily, ModelKind, ModelSpec} from "../../../contracts/interfaces/IAIGC.sol";
import {IModelTerms} from "../../../contracts/interfaces/IModelTerms.sol";
import {GridNFTStorage} from "../../../contracts/artworks/GridNFTStorage.sol";
import {TokenRecord, TokenRecords} from "../../../contracts/artworks/TokenRecord.sol";
import {Upgrade} from "../../../script/Upgrade.s.sol";
import {DeployBase} from "../../utils/DeployBase.sol";

contract NextAigc is AIGC {
    constructor(IERC20 aipg_) AIGC(aipg_) {}

    function isNext() external pure returns (bool) {
        return true;
    }
}

/// @dev Looks like AIGC, and forgot how many models there are.
contract ForgetfulAigc is AIGC {
    constructor(IERC20 aipg_) AIGC(aipg_) {}

    function name() public pure override returns (string memory) {
        return "Something else";
    }
}

/// @dev Gives every token to somebody else.
contract ForgetfulNft is GridNFT {
    constructor(IERC20 aipg_, IModelTerms models_) GridNFT(aipg_, models_) {}

    function ownerOf(uint256) public pure override(ERC721Upgradeable, IERC721) returns (address) {
        return address(0xdead);
    }
}

/// @dev The script with new code to upgrade to, and without the tool that only runs outside of the tests.
contract UpgradeTo is Upgrade {
    enum Code {
        SAME,
        NEXT,
        FORGETFUL
    }

    Code public code;
    string internal fault;

    function set(Code code_, string calldata fault_) external {
        (code, fault) = (code_, fault_);
    }

    function executeAt(string calldata name, address proxy, address sender) external {
        _execute(name, proxy, sender);
    }

    function _requireLayout() internal view override {
        if (bytes(fault).length != 0) revert Upgrade_LayoutMoved(fault);
    }

    function _creation(string memory name, address proxy) internal view override returns (bytes memory) {
        if (code == Code.SAME) return super._creation(name, proxy);
        if (!_is(name, "AIGC")) {
            return
                bytes.concat(
                    type(ForgetfulNft).creationCode, abi.encode(GridNFT(proxy).aipg(), GridNFT(proxy).models())
                );
        }
        return bytes.concat(
            code == Code.NEXT ? type(NextAigc).creationCode : type(ForgetfulAigc).creationCode,
            abi.encode(AIGC(proxy).aipg())
        );
    }
}

contract UpgradeTest is DeployBase {
    UpgradeTo internal upgrade;

    function setUp() public override {
        super.setUp();
        upgrade = new UpgradeTo();
        upgrade.set(UpgradeTo.Code.NEXT, "");
        vm.startPrank(config.deployer);
        aipg.mint(address(this), 1000e18);
        vm.stopPrank();
        aipg.approve(grid.aigc, type(uint256).max);
        for (uint256 i; i < 12; ++i) {
            aigc.register(_spec(bytes32(i + 1)), makeAddr("owner"), type(uint128).max);
        }
    }

    function test_Schedule_RevertWhen_TheStorageLayoutMoved() external {
        upgrade.set(UpgradeTo.Code.NEXT, "AIGC: slot 2 became slot 3");
        vm.expectRevert(abi.encodeWithSelector(Upgrade.Upgrade_LayoutMoved.selector, "AIGC: slot 2 became slot 3"));
        upgrade.schedule("AIGC", grid.aigc, config.upgrader);
    }

    function test_Schedule_RevertWhen_TheContractIsNotBehindAProxy() external {
        vm.expectRevert(abi.encodeWithSelector(Upgrade.Upgrade_UnknownContract.selector, "GridSettlement"));
        upgrade.schedule("GridSettlement", grid.aigc, config.upgrader);
        vm.expectRevert(abi.encodeWithSelector(Upgrade.Upgrade_UnknownContract.selector, "WorkerRegistry"));
        upgrade.run("WorkerRegistry");
        vm.expectRevert(abi.encodeWithSelector(Upgrade.Upgrade_UnknownContract.selector, ""));
        upgrade.execute("");
    }

    function test_Schedule_RevertGiven_UpgradesAreSealed() external {
        bytes memory seal_ = abi.encodeCall(aigc.sealUpgrades, ());
        vm.startPrank(config.upgrader);
        authority.schedule(grid.aigc, seal_, 0);
        skip(2 days);
        authority.execute(grid.aigc, seal_);
        vm.stopPrank();
        vm.expectRevert(abi.encodeWithSelector(Upgrade.Upgrade_Sealed.selector, "AIGC"));
        upgrade.schedule("AIGC", grid.aigc, config.upgrader);
    }

    function test_Schedule_RevertGiven_TheProxyRunsTheCodeAlready() external {
        upgrade.set(UpgradeTo.Code.SAME, "");
        vm.expectRevert(abi.encodeWithSelector(Upgrade.Upgrade_NothingToDo.selector, grid.aigcImplementation));
        upgrade.schedule("AIGC", grid.aigc, config.upgrader);
        vm.expectRevert(abi.encodeWithSelector(Upgrade.Upgrade_NothingToDo.selector, grid.nftImplementation));
        upgrade.schedule("GridNFT", grid.nft, config.upgrader);
    }

    function test_Schedule_RevertWhen_TheNewCodeAnswersOtherwise() external {
        upgrade.set(UpgradeTo.Code.FORGETFUL, "");
        vm.expectRevert(abi.encodeWithSelector(Upgrade.Upgrade_RehearsalDiffers.selector, "AIGC"));
        upgrade.schedule("AIGC", grid.aigc, config.upgrader);
    }

    function test_Schedule_RevertWhen_TheNewCodeGivesArtworksToSomebodyElse() external {
        // Without an artwork nothing would be different.
        uint256 snapshot = vm.snapshotState();
        upgrade.schedule("GridNFT", grid.nft, config.upgrader);
        vm.revertToState(snapshot);
        // The only one is seen, and of many the last five.
        uint64[2] memory series = [uint64(1), 11];
        for (uint256 i; i < series.length; ++i) {
            snapshot = vm.snapshotState();
            _makeArtwork(series[i], i == 0 ? 1 : 15);
            vm.expectRevert(abi.encodeWithSelector(Upgrade.Upgrade_RehearsalDiffers.selector, "GridNFT"));
            upgrade.schedule("GridNFT", grid.nft, config.upgrader);
            vm.revertToState(snapshot);
        }
    }

    /// @dev Artwork 1 of a series, as a mint would leave it, when the proxy has made `blobs` blobs.
    function _makeArtwork(uint256 seriesId, uint64 blobs) private {
        mapping(uint256 => TokenRecord) storage tokens = GridNFTStorage.load().tokens;
        uint256 slot;
        assembly ("memory-safe") {
            slot := tokens.slot
        }
        uint256 tokenId = seriesId * 1000 + 1;
        uint256 word = TokenRecord.unwrap(TokenRecords.minted(address(this), false));
        vm.store(grid.nft, keccak256(abi.encode(tokenId, slot)), bytes32(word));
        vm.setNonce(grid.nft, blobs + 1);
        assertEq(nft.ownerOf(tokenId), address(this));
    }

    function test_Schedule_WhenTheSenderHoldsUPGRADER() external {
        (address implementation, bytes memory call_) = upgrade.schedule("AIGC", grid.aigc, config.upgrader);
        assertEq(address(AIGC(implementation).aipg()), grid.aipg);
        assertEq(
            authority.getSchedule(authority.hashOperation(config.upgrader, grid.aigc, call_)), block.timestamp + 2 days
        );
        assertEq(_implementation(), grid.aigcImplementation, "nothing changed yet");
    }

    function test_Schedule_WhenTheSenderDoesNotHoldUPGRADER() external {
        (address implementation, bytes memory call_) = upgrade.schedule("AIGC", grid.aigc, config.curator);
        assertGt(implementation.code.length, 0);
        assertEq(call_, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (implementation, "")));
        assertEq(authority.getSchedule(authority.hashOperation(config.curator, grid.aigc, call_)), 0);
    }

    function test_Execute_RevertGiven_TheDelayIsNotOverYet() external {
        (, bytes memory call_) = upgrade.schedule("AIGC", grid.aigc, config.upgrader);
        skip(2 days - 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerNotReady.selector,
                authority.hashOperation(config.upgrader, grid.aigc, call_)
            )
        );
        upgrade.executeAt("AIGC", grid.aigc, config.upgrader);
    }

    function test_Execute_GivenTheDelayHasRunOut() external {
        Model memory before = aigc.modelOf(7);
        (address implementation,) = upgrade.schedule("AIGC", grid.aigc, config.upgrader);
        skip(2 days);
        upgrade.executeAt("AIGC", grid.aigc, config.upgrader);
        assertEq(_implementation(), implementation);
        assertTrue(NextAigc(grid.aigc).isNext());
        assertEq(abi.encode(aigc.modelOf(7)), abi.encode(before));
    }

    // ---------------------------------------------------------------- helpers

    function _implementation() internal view returns (address) {
        return address(uint160(uint256(vm.load(grid.aigc, ERC1967Utils.IMPLEMENTATION_SLOT))));
    }

    function _spec(bytes32 weightsHash) internal pure returns (ModelSpec memory) {
        return ModelSpec({
            name: "Model",
            version: "1",
            family: ModelFamily.SDXL,
            kind: ModelKind.CHECKPOINT,
            baseModelId: 0,
            weightsHash: weightsHash,
            weightsURI: "",
            license: "MIT",
            previewCid: "",
            usageBps: 100,
            resaleBps: 100,
            access: Access.OPEN
        });
    }
}

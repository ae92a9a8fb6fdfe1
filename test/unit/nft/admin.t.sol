// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC4906} from "@openzeppelin/contracts/interfaces/IERC4906.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {GridNFT} from "../../../contracts/GridNFT.sol";
import {IERC173} from "../../../contracts/interfaces/IERC173.sol";
import {IERC7572} from "../../../contracts/interfaces/IERC7572.sol";
import {EvolutionPolicy, IGridNFT, ReceiptProof} from "../../../contracts/interfaces/IGridNFT.sol";
import {IModelTerms} from "../../../contracts/interfaces/IModelTerms.sol";
import {Body, NftBody} from "../../utils/NftBody.sol";
import {EscrowDouble} from "../../utils/EscrowDouble.sol";
import {MockAnchor} from "../../utils/NftMocks.sol";
import {NftTest} from "../../utils/NftTest.sol";

contract AdminTest is NftTest {
    address private _implementation;

    function setUp() public override {
        super.setUp();
        _implementation = address(new GridNFT(IERC20(address(aipg)), models));
    }

    function _expectUnauthorized() private {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, artist));
        vm.prank(artist);
    }

    function _assertSeals(bool upgrades, bool sources, bool rendererSealed, bool escrow) private view {
        (bool a, bool b, bool c, bool d) = nft.seals();
        assertEq(a, upgrades, "upgrades");
        assertEq(b, sources, "sources");
        assertEq(c, rendererSealed, "renderer");
        assertEq(d, escrow, "escrow");
    }

    function _deploy(address authority, address settlement, address renderer_, address treasury_, uint256 fee)
        private
        returns (GridNFT)
    {
        return GridNFT(
            address(
                new ERC1967Proxy(
                    _implementation,
                    abi.encodeCall(
                        GridNFT.initialize, (authority, admin, settlement, renderer_, treasury_, fee, "ipfs://it")
                    )
                )
            )
        );
    }

    // --------------------------------------------------------------------------------------------------------- making

    function test_Constructor_RevertWhen_TheTokenIsTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_ZeroAddress.selector, "aipg"));
        new GridNFT(IERC20(address(0)), models);
    }

    function test_Constructor_RevertWhen_TheModelRegistryIsTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_ZeroAddress.selector, "models"));
        new GridNFT(IERC20(address(aipg)), IModelTerms(address(0)));
    }

    function test_Constructor_RevertWhen_TheImplementationIsInitialized() external {
        GridNFT implementation = new GridNFT(IERC20(address(aipg)), models);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(address(manager), admin, address(anchors), address(renderer), treasury, 0, "");
    }

    function test_Initialize_RevertWhen_TheAuthorityIsTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_ZeroAddress.selector, "authority"));
        _deploy(address(0), address(anchors), address(renderer), treasury, 0);
    }

    function test_Initialize_RevertWhen_TheSettlementHasNoCode() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, address(0)));
        _deploy(address(manager), address(0), address(renderer), treasury, 0);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, artist));
        _deploy(address(manager), artist, address(renderer), treasury, 0);
    }

    function test_Initialize_RevertWhen_TheRendererHasNoCode() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, address(0)));
        _deploy(address(manager), address(anchors), address(0), treasury, 0);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, artist));
        _deploy(address(manager), address(anchors), artist, treasury, 0);
    }

    function test_Initialize_RevertWhen_TheTreasuryIsTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_ZeroAddress.selector, "treasury"));
        _deploy(address(manager), address(anchors), address(renderer), address(0), 0);
    }

    function test_Initialize_RevertWhen_TheFirstFeeIsAboveItsCap() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_FeeAboveCap.selector, 100e18 + 1, 100e18));
        _deploy(address(manager), address(anchors), address(renderer), treasury, 100e18 + 1);
    }

    function test_Initialize_RevertGiven_TheProxyIsInitialized() external {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        nft.initialize(address(manager), admin, address(anchors), address(renderer), treasury, 0, "");
    }

    function test_Initialize_WhenEverythingIsGiven() external {
        GridNFT made = _deploy(address(manager), address(anchors), address(renderer), treasury, 100e18);
        assertEq(made.authority(), address(manager));
        assertEq(made.owner(), admin);
        assertEq(made.anchorSource(0), address(anchors));
        assertEq(made.anchorSourceCount(), 1);
        assertEq(made.renderer(), address(renderer));
        (uint256 fee, address receiver) = made.mintFee();
        assertEq(fee, made.MAX_MINT_FEE());
        assertEq(receiver, treasury);
        assertEq(made.contractURI(), "ipfs://it");
        assertEq(made.name(), "GridNFT");
        assertEq(made.symbol(), "GRID");
        assertEq(address(made.aipg()), address(aipg));
        assertEq(address(made.models()), address(models));
        assertFalse(made.paused());
        assertEq(made.escrow(), address(0));
        _assertSeals(false, false, false, false);
    }

    // -------------------------------------------------------------------------------------------------------- sources

    function test_AddAnchorSource_RevertWhen_TheAdderHasNoRole() external {
        _expectUnauthorized();
        nft.addAnchorSource(address(1));
    }

    function test_AddAnchorSource_RevertWhen_TheSourceHasNoCode() external {
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, address(0)));
        nft.addAnchorSource(address(0));
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, artist));
        nft.addAnchorSource(artist);
    }

    function test_AddAnchorSource_RevertWhen_TheSourceIsListed() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_SourceListed.selector, address(anchors)));
        vm.prank(admin);
        nft.addAnchorSource(address(anchors));
    }

    function test_AddAnchorSource_RevertGiven_ThereAre256Sources() external {
        vm.startPrank(admin);
        for (uint160 i = 1; i < 256; ++i) {
            vm.etch(address(0x1000 + i), hex"00");
            assertEq(nft.addAnchorSource(address(0x1000 + i)), i);
        }
        vm.expectRevert(IGridNFT.GridNFT_TooManySources.selector);
        nft.addAnchorSource(address(renderer));
    }

    function test_AddAnchorSource_RevertGiven_UpgradesWereSealedBeforeIt() external {
        vm.startPrank(admin);
        nft.sealUpgrades();
        vm.expectRevert(IGridNFT.GridNFT_SourcesSealed.selector);
        nft.addAnchorSource(address(1));
    }

    function test_AddAnchorSource_WhenTheSourceIsNew() external {
        MockAnchor second = new MockAnchor();
        vm.expectEmit(address(nft));
        emit IGridNFT.AnchorSourceAdded(1, address(second));
        vm.prank(admin);
        assertEq(nft.addAnchorSource(address(second)), 1);
        assertEq(nft.anchorSource(1), address(second));
        assertEq(nft.anchorSourceCount(), 2);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_UnknownSource.selector, 2));
        nft.anchorSource(2);

        // Receipts of the second source are digests in its domain; those of the first are nothing to it.
        Body memory body = aBody(1);
        body.anchors[0].source = 1;
        bytes32 foreign = leavesOf(body, artist)[0];
        anchors = second;
        bytes32 own = leavesOf(body, artist)[0];
        assertNotEq(own, foreign);
        second.set(0, artist, foreign, worker);
        bytes memory packed = NftBody.pack(body);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NotAnchored.selector, 1, bytes32(0), artist, own));
        vm.prank(artist);
        nft.mint(packed, new ReceiptProof[](1), artist, type(uint128).max);
        mintBody(body);
        assertEq(nft.provenanceOf(1001).source, 1);
        assertEq(nft.provenanceOf(1001).receiptId, receiptIdOf(body, 0, artist));
    }

    // ------------------------------------------------------------------------------------------------------- settings

    function test_SetMintFee_RevertWhen_TheFeeSetterHasNoRole() external {
        _expectUnauthorized();
        nft.setMintFee(0, treasury);
    }

    function test_SetMintFee_RevertWhen_TheFeeIsAboveItsCap() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_FeeAboveCap.selector, 100e18 + 1, 100e18));
        vm.prank(admin);
        nft.setMintFee(100e18 + 1, treasury);
    }

    function test_SetMintFee_RevertWhen_TheNewTreasuryIsTheZeroAddress() external {
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_ZeroAddress.selector, "treasury"));
        vm.prank(admin);
        nft.setMintFee(1, address(0));
    }

    function test_SetMintFee_WhenTheFeeIsWithinItsCap() external {
        vm.expectEmit(address(nft));
        emit IGridNFT.MintFeeSet(100e18, payer);
        vm.prank(admin);
        nft.setMintFee(100e18, payer);
        (uint256 fee, address receiver) = nft.mintFee();
        assertEq(fee, 100e18);
        assertEq(receiver, payer);
    }

    function test_SetRenderer_RevertWhen_TheRendererSetterHasNoRole() external {
        _expectUnauthorized();
        nft.setRenderer(address(1));
    }

    function test_SetRenderer_RevertWhen_TheNewRendererHasNoCode() external {
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, address(0)));
        nft.setRenderer(address(0));
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, artist));
        nft.setRenderer(artist);
    }

    function test_SetRenderer_RevertGiven_TheRendererIsSealed() external {
        vm.startPrank(admin);
        nft.sealRenderer();
        vm.expectRevert(IGridNFT.GridNFT_RendererSealed.selector);
        nft.setRenderer(address(1));
    }

    function test_SetRenderer_WhenTheRendererIsAContract() external {
        vm.expectEmit(address(nft));
        emit IGridNFT.RendererSet(address(renderer), address(anchors));
        vm.expectEmit(address(nft));
        emit IERC4906.BatchMetadataUpdate(0, type(uint256).max);
        vm.prank(admin);
        nft.setRenderer(address(anchors));
        assertEq(nft.renderer(), address(anchors));
    }

    function test_SetContractURI_RevertWhen_TheUriSetterHasNoRole() external {
        _expectUnauthorized();
        nft.setContractURI("x");
    }

    function test_SetContractURI_WhenTheUriIsGiven() external {
        vm.expectEmit(address(nft));
        emit IERC7572.ContractURIUpdated();
        vm.prank(admin);
        nft.setContractURI("ipfs://another");
        assertEq(nft.contractURI(), "ipfs://another");
    }

    function test_TransferOwnership_RevertWhen_TheOwnerItselfCalls() external {
        vm.prank(admin);
        nft.transferOwnership(artist);
        _expectUnauthorized();
        nft.transferOwnership(collector);
    }

    function test_TransferOwnership_WhenGovernanceCalls() external {
        vm.expectEmit(address(nft));
        emit IERC173.OwnershipTransferred(admin, artist);
        vm.prank(admin);
        nft.transferOwnership(artist);
        assertEq(nft.owner(), artist);
    }

    // --------------------------------------------------------------------------------------------------------- pausing

    function test_Pause_RevertWhen_ThePauserHasNoRole() external {
        _expectUnauthorized();
        nft.pause();
    }

    function test_Pause_WhenAGuardianPauses() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 2, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.expectEmit(address(nft));
        emit IGridNFT.MintPauseSet(true);
        vm.prank(admin);
        nft.pause();
        assertTrue(nft.paused());
        vm.startPrank(artist);
        vm.expectRevert(IGridNFT.GridNFT_Paused.selector);
        nft.mint("", new ReceiptProof[](0), artist, 0);
        nft.evolve(id, packed, proofs);
        nft.transferFrom(artist, collector, id);
        nft.burn(id + 1);
    }

    function test_Unpause_RevertWhen_TheUnpauserHasNoRole() external {
        _expectUnauthorized();
        nft.unpause();
    }

    function test_Unpause_WhenGovernanceUnpauses() external {
        vm.startPrank(admin);
        nft.pause();
        vm.expectEmit(address(nft));
        emit IGridNFT.MintPauseSet(false);
        nft.unpause();
        vm.stopPrank();
        assertFalse(nft.paused());
        mintBody(aBody(1));
    }

    // ------------------------------------------------------------------------------------------------------- upgrading

    function test_SetEscrow_RevertWhen_TheEscrowSetterHasNoRole() external {
        _expectUnauthorized();
        nft.setEscrow(address(anchors));
    }

    function test_SetEscrow_RevertGiven_ThereIsAnEscrow() external {
        address escrow = address(anEscrow());
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_EscrowIsSet.selector, escrow));
        vm.prank(admin);
        nft.setEscrow(address(anchors));
    }

    function test_SetEscrow_RevertGiven_UpgradesWereSealedWithoutOne() external {
        vm.startPrank(admin);
        nft.sealUpgrades();
        vm.expectRevert(IGridNFT.GridNFT_UpgradesSealed.selector);
        nft.setEscrow(address(anchors));
    }

    function test_SetEscrow_RevertWhen_TheEscrowHasNoCode() external {
        vm.startPrank(admin);
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, address(0)));
        nft.setEscrow(address(0));
        vm.expectRevert(abi.encodeWithSelector(IGridNFT.GridNFT_NoCode.selector, artist));
        nft.setEscrow(artist);
    }

    function test_SetEscrow_WhenTheEscrowIsAContract() external {
        address escrow = address(new EscrowDouble());
        vm.expectEmit(address(nft));
        emit IGridNFT.EscrowSet(escrow);
        vm.prank(admin);
        nft.setEscrow(escrow);
        assertEq(nft.escrow(), escrow);
        _assertSeals(false, false, false, true);
        // It outlives the sealing of everything else.
        vm.startPrank(admin);
        nft.sealUpgrades();
        nft.sealRenderer();
        assertEq(nft.escrow(), escrow);
        _assertSeals(true, true, true, true);
    }

    function test_SealUpgrades_RevertWhen_TheSealerHasNoRole() external {
        _expectUnauthorized();
        nft.sealUpgrades();
    }

    function test_SealUpgrades_RevertGiven_UpgradesAreSealed() external {
        vm.startPrank(admin);
        nft.sealUpgrades();
        vm.expectRevert(IGridNFT.GridNFT_UpgradesSealed.selector);
        nft.sealUpgrades();
    }

    function test_SealRenderer_RevertWhen_TheSealerOfTheRendererHasNoRole() external {
        _expectUnauthorized();
        nft.sealRenderer();
    }

    function test_SealRenderer_RevertGiven_TheRendererIsSealedAlready() external {
        vm.startPrank(admin);
        nft.sealRenderer();
        vm.expectRevert(IGridNFT.GridNFT_RendererSealed.selector);
        nft.sealRenderer();
    }

    function test_SealRenderer_WhenGovernanceSealsTheRenderer() external {
        vm.expectEmit(address(nft));
        emit IGridNFT.RendererSealed();
        vm.prank(admin);
        nft.sealRenderer();
        _assertSeals(false, false, true, false);
    }

    function test_SealUpgrades_WhenGovernanceSeals() external {
        address next = address(new GridNFT(IERC20(address(aipg)), models));
        vm.startPrank(admin);
        vm.expectEmit(address(nft));
        emit IGridNFT.UpgradesSealed();
        nft.sealUpgrades();
        _assertSeals(true, true, false, true);
        vm.expectRevert(IGridNFT.GridNFT_UpgradesSealed.selector);
        nft.upgradeToAndCall(next, "");
    }

    function test_UpgradeToAndCall_RevertWhen_TheUpgraderHasNoRole() external {
        address next = address(new GridNFT(IERC20(address(aipg)), models));
        _expectUnauthorized();
        nft.upgradeToAndCall(next, "");
    }

    function test_UpgradeToAndCall_RevertWhen_TheNewCodeIsNoUUPSImplementation() external {
        vm.expectRevert(abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, address(renderer)));
        vm.prank(admin);
        nft.upgradeToAndCall(address(renderer), "");
    }

    function test_UpgradeToAndCall_WhenGovernanceUpgrades() external {
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 2, collector);
        bytes memory before = abi.encode(nft.provenanceOf(id));
        string memory uri = nft.tokenURI(id);
        address next = address(new GridNFT(IERC20(address(aipg)), models));
        vm.prank(admin);
        nft.upgradeToAndCall(next, "");
        assertEq(abi.encode(nft.provenanceOf(id)), before);
        assertEq(nft.tokenURI(id), uri);
        assertEq(nft.ownerOf(id + 1), collector);
        assertEq(mintOf(EvolutionPolicy.NONE, 1, artist), 2001);
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Vm} from "forge-std/Vm.sol";

import {GridNFT} from "../../contracts/GridNFT.sol";
import {Display, EvolutionPolicy, IGridNFT, Provenance, ReceiptProof} from "../../contracts/interfaces/IGridNFT.sol";
import {IModelTerms} from "../../contracts/interfaces/IModelTerms.sol";
import {GridMessages, JobReceipt} from "../../contracts/messages/GridMessages.sol";
import {EscrowDouble} from "../utils/EscrowDouble.sol";
import {Body} from "../utils/NftBody.sol";
import {NftTest} from "../utils/NftTest.sol";

/// @dev The old storage untouched, new storage in a namespace of its own.
contract NftV2 is GridNFT {
    /// @custom:storage-location erc7201:gridnft.storage.GridNFT.V2
    struct V2Storage {
        uint256 answer;
    }

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IERC20 aipg_, IModelTerms models_) GridNFT(aipg_, models_) {}

    function initializeV2(uint256 answer_) external reinitializer(2) {
        _v2().answer = answer_;
    }

    function answer() external view returns (uint256) {
        return _v2().answer;
    }

    function _v2() private pure returns (V2Storage storage store) {
        bytes32 slot =
            keccak256(abi.encode(uint256(keccak256("gridnft.storage.GridNFT.V2")) - 1)) & ~bytes32(uint256(0xff));
        assembly ("memory-safe") {
            store.slot := slot
        }
    }
}

enum Lie {
    NONE,
    PROMPT,
    SEED,
    MODEL,
    IMAGE,
    WORKER,
    PAYER,
    TIME,
    PARENT,
    BLOB
}

/// @dev What a captured UPGRADER might install: everything works as before, but it tells a story about where pictures
/// come from, and calls its own stories true.
contract LyingNft is UUPSUpgradeable {
    address internal immutable honest;
    Lie internal immutable lie;
    /// @dev Other pictures' blob, to be shown in place of the real one.
    address internal immutable otherBlob;

    constructor(address honest_, Lie lie_, address otherBlob_) {
        (honest, lie, otherBlob) = (honest_, lie_, otherBlob_);
    }

    /// @dev Not `view`, as it asks the honest code first; the selector is the same.
    function provenanceOf(uint256) external returns (Provenance memory p) {
        (, bytes memory answer) = honest.delegatecall(msg.data);
        p = abi.decode(answer, (Provenance));
        if (lie == Lie.PROMPT) p.request.prompt = "a prompt that nobody wrote";
        if (lie == Lie.SEED) p.seed ^= 1;
        if (lie == Lie.MODEL) (p.request.modelId, p.request.modelHash) = (1, keccak256("famous model"));
        if (lie == Lie.IMAGE) (p.imageHash, p.cidDigest) = (keccak256("another"), keccak256("another"));
        if (lie == Lie.WORKER) p.worker = address(0xFA);
        if (lie == Lie.PAYER) p.payer = address(0xFA);
        if (lie == Lie.TIME) p.anchorTime -= 365 days;
        if (lie == Lie.PARENT) p.parent = 1001;
    }

    function verify(uint256) external pure returns (bool) {
        return true;
    }

    function blobOf(uint256, uint256) external returns (address) {
        if (lie == Lie.BLOB) return otherBlob;
        (, bytes memory answer) = honest.delegatecall(msg.data);
        return abi.decode(answer, (address));
    }

    fallback() external payable {
        (bool ok, bytes memory answer) = honest.delegatecall(msg.data);
        assembly ("memory-safe") {
            if iszero(ok) { revert(add(answer, 0x20), mload(answer)) }
            return(add(answer, 0x20), mload(answer))
        }
    }

    function _authorizeUpgrade(address) internal override {}
}

contract NftUpgradeTest is NftTest {
    uint256 internal constant TOKEN = 2002; // second artwork of the second series

    address internal implementation;
    bytes internal minted; // the blob in the mint's log
    bytes32[] internal proof;

    function setUp() public override {
        super.setUp();
        implementation = address(uint160(uint256(vm.load(address(nft), ERC1967Utils.IMPLEMENTATION_SLOT))));
        mintBody(aBody(1));
        Body memory body = aBody(2);
        body.orders[0].orderHash = keccak256("another order");
        proof.push(leavesOf(body, artist)[0]);
        vm.recordLogs();
        mintBody(body);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == IGridNFT.SeriesMinted.selector) {
                (, minted) = abi.decode(logs[i].data, (uint256, bytes));
            }
        }
    }

    // ---------------------------------------------------------------- upgrades

    function test_T38_NftUpgradeKeepsEverything() external {
        bytes memory before = _everything();
        NftV2 next = new NftV2(IERC20(address(aipg)), models);
        vm.prank(admin);
        nft.upgradeToAndCall(address(next), abi.encodeCall(NftV2.initializeV2, (42)));
        assertEq(_everything(), before);
        assertEq(NftV2(address(nft)).answer(), 42);
        assertTrue(_recheck());
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        NftV2(address(nft)).initializeV2(43);
        assertEq(mintBody(_third()), 3);
    }

    /// @dev Pins each field of the namespace to its slot: an upgrade reads it there. The layout check of
    /// OpenZeppelin's does not see a struct of a library.
    function test_T38_NftStorageStaysWhereItIs() external {
        EscrowDouble escrow = anEscrow();
        uint256 id = mintOf(EvolutionPolicy.ARTIST, 2, artist);
        (, bytes memory packed, ReceiptProof[] memory proofs) = aVersion("a second", artist);
        vm.startPrank(artist);
        nft.evolve(id, packed, proofs);
        nft.setDisplay(only(id), Display("a", "b", "c"));
        nft.setRoyaltyReceiver(id / 1000, collector);
        vm.stopPrank();
        uint256 ownerPolicy = mintOf(EvolutionPolicy.OWNER, 1, artist);
        vm.prank(artist);
        nft.announceEvolution(ownerPolicy, keccak256("body"));
        vm.startPrank(admin);
        nft.pause();
        nft.sealUpgrades();
        nft.sealRenderer();
        vm.stopPrank();

        // counters: blobs 48 bits, supply 64, sources 16, paused 8, upgradesSealed 8, rendererSealed 8
        uint256 counters = 6 | 6 << 48 | 1 << 112 | 1 << 128 | 1 << 136 | 1 << 144;
        assertEq(_field(0), counters, "counters");
        assertEq(_field(1), FEE << 160 | uint160(treasury), "treasury and fee");
        assertEq(_field(2), uint160(address(renderer)), "renderer");
        assertEq(_field(3), uint160(admin), "owner");
        assertEq(_field(4), uint256(bytes32("ipfs://collection")) | 2 * 17, "contractURI");
        assertEq(_entry(bytes32(0), 5), uint160(address(anchors)), "sources");
        uint256 word = uint160(artist) | 2 << 200 | 2 << 232;
        assertEq(_entry(bytes32(id), 6), word, "tokens");
        assertEq(_entry(bytes32(uint256(uint160(artist))), 7), 6, "balances");
        bytes32 minted_ = keccak256(abi.encode(artist, _slot(8)));
        assertEq(uint256(vm.load(address(nft), keccak256(abi.encode(keccak256("order"), minted_)))), 1, "minted");
        bytes32 versions = keccak256(abi.encode(id, _slot(9)));
        assertEq(uint256(vm.load(address(nft), keccak256(abi.encode(uint256(2), versions)))), id / 1000 + 1, "versions");
        bytes32 announcement = keccak256(abi.encode(ownerPolicy, uint256(2), artist, keccak256("body")));
        assertEq(_entry(announcement, 10), NOW + 1 hours, "announcements");
        assertEq(_entry(bytes32(id), 11), uint160(vm.computeCreateAddress(address(nft), id / 1000 + 2)), "displays");
        assertEq(_entry(bytes32(id / 1000), 12), uint160(collector), "royaltyReceivers");
        assertEq(_field(13), uint160(address(escrow)), "escrow");
        assertEq(_field(14), 0, "the end");
    }

    function _slot(uint256 place) private pure returns (bytes32) {
        bytes32 start =
            keccak256(abi.encode(uint256(keccak256("gridnft.storage.GridNFT")) - 1)) & ~bytes32(uint256(0xff));
        return bytes32(uint256(start) + place);
    }

    function _field(uint256 place) private view returns (uint256) {
        return uint256(vm.load(address(nft), _slot(place)));
    }

    function _entry(bytes32 key, uint256 place) private view returns (uint256) {
        return uint256(vm.load(address(nft), keccak256(abi.encode(key, _slot(place)))));
    }

    function test_T38_NftImplementationIsLocked() external {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        GridNFT(implementation).initialize(admin, admin, admin, admin, admin, 0, "");
        vm.expectRevert(UUPSUpgradeable.UUPSUnauthorizedCallContext.selector);
        GridNFT(implementation).upgradeToAndCall(implementation, "");
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        nft.initialize(admin, admin, admin, admin, admin, 0, "");
    }

    function testFuzz_T38_NftOnlyTheUpgraderUpgrades(address caller) external {
        vm.assume(caller != admin && caller != address(manager));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
        vm.prank(caller);
        nft.upgradeToAndCall(implementation, "");
    }

    function test_T38_NftUpgradeToSomethingThatIsNotUUPSIsRefused() external {
        vm.startPrank(admin);
        vm.expectRevert(bytes(""));
        nft.upgradeToAndCall(artist, "");
        vm.expectRevert(abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, address(aipg)));
        nft.upgradeToAndCall(address(aipg), "");
    }

    function test_T38_NftSealingEndsUpgradesForEver() external {
        address next = address(new NftV2(IERC20(address(aipg)), models));
        vm.startPrank(admin);
        nft.sealUpgrades();
        (bool upgrades,,,) = nft.seals();
        assertTrue(upgrades);
        vm.expectRevert(IGridNFT.GridNFT_UpgradesSealed.selector);
        nft.upgradeToAndCall(next, "");
        vm.stopPrank();
        assertEq(mintBody(_third()), 3);
    }

    // ---------------------------------------------------------------- a lying upgrade

    /// @dev The honest contract passes: otherwise the check would say nothing.
    function test_T11_AnHonestContractIsConfirmedByItsLogs() external {
        assertTrue(_recheck());
        _install(Lie.NONE);
        assertTrue(_recheck());
    }

    /// @dev Each lie is found out by whoever has the mint's log, the proof in its calldata, and the settlement's anchors,
    /// which no upgrade of GridNFT can touch. The liar's own `verify` says yes, of course.
    function test_T11_ALyingUpgradeIsDetectedFromTheLogs() external {
        uint256 state = vm.snapshotState();
        for (uint8 lie = 1; lie <= uint8(type(Lie).max); ++lie) {
            _install(Lie(lie));
            assertTrue(nft.verify(TOKEN));
            assertFalse(_recheck(), vm.toString(lie));
            vm.revertToState(state);
        }
    }

    // ---------------------------------------------------------------- helpers

    function _install(Lie lie) internal {
        address liar = address(new LyingNft(implementation, lie, nft.blobOf(1001, 1)));
        vm.prank(admin);
        nft.upgradeToAndCall(liar, "");
    }

    /// @dev What `gridnft verify` does: asks the contract, and believes only logs, anchors and code.
    function _recheck() internal returns (bool) {
        Provenance memory said = nft.provenanceOf(TOKEN);
        // 1. The stored code is what the mint's log carries.
        if (keccak256(nft.blobOf(TOKEN, 1).code) != keccak256(bytes.concat(hex"00", minted))) return false;
        // 2. Reading that code by the published implementation gives what the contract says.
        if (keccak256(abi.encode(said)) != keccak256(abi.encode(_honestly()))) return false;
        // 3. The receipt made of it is under the root that worker and payer anchored, at the time it says.
        JobReceipt memory receipt = JobReceipt({
            orderHash: said.orderHash,
            index: said.index,
            requester: said.requester,
            worker: said.worker,
            modelId: said.request.modelId,
            requestHash: GridMessages.hashRequest(said.request),
            seed: said.seed,
            engineHash: keccak256(bytes(said.engine)),
            imageHash: said.imageHash,
            cidDigest: said.cidDigest,
            completedAt: said.completedAt,
            price: said.price
        });
        bytes32 receiptId =
            GridMessages.toDigest(GridMessages.domainSeparator(address(anchors)), GridMessages.hashReceipt(receipt));
        bytes32 root = MerkleProof.processProof(proof, GridMessages.leafOf(receiptId));
        (address anchoredBy, uint40 time, uint40 blockNumber) = anchors.anchorOf(0, said.payer, root);
        return anchoredBy == said.worker && time == said.anchorTime && blockNumber == said.anchorBlock
            && receiptId == said.receiptId;
    }

    /// @dev The published implementation over the same state.
    function _honestly() internal returns (Provenance memory) {
        bytes32 current = vm.load(address(nft), ERC1967Utils.IMPLEMENTATION_SLOT);
        vm.store(address(nft), ERC1967Utils.IMPLEMENTATION_SLOT, bytes32(uint256(uint160(implementation))));
        Provenance memory provenance = nft.provenanceOf(TOKEN);
        vm.store(address(nft), ERC1967Utils.IMPLEMENTATION_SLOT, current);
        return provenance;
    }

    function _third() internal view returns (Body memory body) {
        body = aBody(1);
        body.orders[0].orderHash = keccak256("third order");
    }

    function _everything() internal view returns (bytes memory) {
        (uint256 fee, address to) = nft.mintFee();
        return bytes.concat(
            abi.encode(nft.provenanceOf(TOKEN), nft.series(2), nft.tokenURI(TOKEN), nft.ownerOf(TOKEN)),
            abi.encode(nft.totalSupply(), nft.balanceOf(artist), nft.verify(TOKEN), nft.owner()),
            abi.encode(fee, to, nft.renderer(), nft.anchorSource(0), nft.authority(), nft.contractURI())
        );
    }
}

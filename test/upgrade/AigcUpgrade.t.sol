// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts-upgradeable/proxy/utils/UUPSUpgradeable.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC1967} from "@openzeppelin/contracts/interfaces/IERC1967.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";

import {AIGC} from "../../contracts/AIGC.sol";
import {IAIGC, Model} from "../../contracts/interfaces/IAIGC.sol";
import {AigcBase} from "../utils/AigcBase.sol";

/// @dev What a second version may look like: the old storage untouched, new storage in a namespace of its own.
contract AigcV2 is AIGC {
    /// @custom:storage-location erc7201:gridnft.storage.AIGC.V2
    struct V2Storage {
        mapping(uint256 modelId => string) notes;
    }

    bytes32 private constant STORAGE_V2 =
        keccak256(abi.encode(uint256(keccak256("gridnft.storage.AIGC.V2")) - 1)) & ~bytes32(uint256(0xff));

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IERC20 aipg_) AIGC(aipg_) {}

    function initializeV2(string calldata first) external reinitializer(2) {
        _v2().notes[1] = first;
    }

    function noteOf(uint256 modelId) external view returns (string memory) {
        return _v2().notes[modelId];
    }

    function _v2() private pure returns (V2Storage storage store) {
        bytes32 slot = STORAGE_V2;
        assembly ("memory-safe") {
            store.slot := slot
        }
    }
}

/// @dev Says that it is UUPS, but at another slot.
contract OddSlot {
    function proxiableUUID() external pure returns (bytes32) {
        return keccak256("another slot");
    }
}

contract AigcUpgradeTest is AigcBase {
    function test_T38_AnUpgradeKeepsEverything() external {
        uint256 modelId = _licensed();
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 3, PERIOD, 3 * PRICE);
        vm.startPrank(alice);
        aigc.setUser(modelId, mallory, type(uint64).max);
        aigc.announceUsageRoyalty(modelId, 77);
        aigc.setRoyaltyReceiver(modelId, bob);
        aigc.approve(bob, modelId);
        vm.stopPrank();
        vm.prank(curator);
        aigc.setVerified(modelId, true);
        _register(bob);
        bytes memory before = _everything(modelId);

        AigcV2 next = new AigcV2(aipg);
        vm.expectEmit(address(aigc));
        emit IERC1967.Upgraded(address(next));
        vm.prank(upgrader);
        aigc.upgradeToAndCall(address(next), abi.encodeCall(AigcV2.initializeV2, ("a note")));

        assertEq(_everything(modelId), before);
        assertEq(AigcV2(address(aigc)).noteOf(1), "a note");
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        AigcV2(address(aigc)).initializeV2("again");
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        aigc.initialize(mallory, mallory, 0);
        assertEq(_register(alice), 3);
    }

    function test_T38_NothingIsStoredOutsideNamespaces() external {
        uint256 modelId = _licensed();
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
        vm.record();
        _register(bob);
        (, bytes32[] memory writes) = vm.accesses(address(aigc));
        assertGt(writes.length, 0);
        for (uint256 i; i < writes.length; ++i) {
            assertGt(uint256(writes[i]), 1 << 64, "a plain slot was written");
        }
        assertEq(
            keccak256(abi.encode(uint256(keccak256("gridnft.storage.AIGC")) - 1)) & ~bytes32(uint256(0xff)),
            0xd6d923ea15853a571530ac3526c6bffd048c299b0434b5cc588cbfd850724800
        );
        // The counter stands in the namespace's fifth slot.
        assertEq(
            uint256(
                vm.load(
                    address(aigc),
                    bytes32(uint256(0xd6d923ea15853a571530ac3526c6bffd048c299b0434b5cc588cbfd850724800) + 4)
                )
            ),
            2
        );
    }

    function test_T38_TheImplementationIsLocked() external {
        AIGC implementation = new AIGC(aipg);
        AigcV2 second = new AigcV2(aipg);
        vm.startPrank(mallory);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        implementation.initialize(mallory, mallory, 0);
        vm.expectRevert(UUPSUpgradeable.UUPSUnauthorizedCallContext.selector);
        implementation.upgradeToAndCall(address(second), "");
        _expectUnauthorized(mallory);
        implementation.sealUpgrades();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        second.initializeV2("mine");
    }

    function test_T38_AProxyIsBornInitialized() external {
        AIGC implementation = new AIGC(aipg);
        AIGC fresh = AIGC(
            address(
                new ERC1967Proxy(
                    address(implementation), abi.encodeCall(AIGC.initialize, (address(manager), treasury, FEE))
                )
            )
        );
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        vm.prank(mallory);
        fresh.initialize(mallory, mallory, 0);
    }

    function testFuzz_T38_OnlyTheUpgraderUpgrades(address caller) external {
        vm.assume(caller != upgrader && caller != address(manager));
        _expectUnauthorized(caller);
        vm.prank(caller);
        aigc.upgradeToAndCall(address(aipg), "");
    }

    function test_T38_AnUpgradeToSomethingThatIsNotUUPSIsRefused() external {
        vm.startPrank(upgrader);
        vm.expectRevert(bytes("")); // an account without code
        aigc.upgradeToAndCall(mallory, "");
        address[2] memory others = [address(aipg), address(manager)];
        for (uint256 i; i < others.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, others[i]));
            aigc.upgradeToAndCall(others[i], "");
        }
        OddSlot odd = new OddSlot();
        vm.expectRevert(
            abi.encodeWithSelector(UUPSUpgradeable.UUPSUnsupportedProxiableUUID.selector, keccak256("another slot"))
        );
        aigc.upgradeToAndCall(address(odd), "");
        // A proxy isn't an implementation.
        vm.expectRevert(abi.encodeWithSelector(ERC1967Utils.ERC1967InvalidImplementation.selector, address(aigc)));
        aigc.upgradeToAndCall(address(aigc), "");
    }

    function test_T38_AnUpgradeBeforeItsDelayIsRefused() external {
        manager.grantRole(1, bob, 2 days);
        bytes memory call_ = abi.encodeCall(aigc.upgradeToAndCall, (address(new AigcV2(aipg)), ""));
        bytes32 operation = manager.hashOperation(bob, address(aigc), call_);
        vm.startPrank(bob);

        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotScheduled.selector, operation));
        _call(call_);
        vm.expectRevert(
            abi.encodeWithSelector(
                IAccessManager.AccessManagerUnauthorizedCall.selector,
                bob,
                address(aigc),
                aigc.upgradeToAndCall.selector
            )
        );
        manager.schedule(address(aigc), call_, uint48(block.timestamp + 2 days - 1));
        manager.schedule(address(aigc), call_, 0);
        skip(2 days - 1);
        vm.expectRevert(abi.encodeWithSelector(IAccessManager.AccessManagerNotReady.selector, operation));
        _call(call_);
        skip(1);
        _call(call_);
        assertEq(AigcV2(address(aigc)).noteOf(1), "");
    }

    function test_T38_SealingEndsUpgradesForEver() external {
        manager.grantRole(1, bob, 2 days);
        bytes memory call_ = abi.encodeCall(aigc.upgradeToAndCall, (address(new AigcV2(aipg)), ""));
        vm.prank(bob);
        manager.schedule(address(aigc), call_, 0);
        vm.prank(upgrader);
        aigc.sealUpgrades();

        // Neither what was scheduled before, nor the manager itself, nor an admin of every role.
        skip(2 days);
        vm.prank(bob);
        vm.expectRevert(IAIGC.AIGC_UpgradesSealed.selector);
        _call(call_);
        _allow(aigc.upgradeToAndCall.selector, manager.PUBLIC_ROLE());
        vm.expectRevert(IAIGC.AIGC_UpgradesSealed.selector);
        _call(call_);
        vm.expectRevert(IAIGC.AIGC_UpgradesSealed.selector);
        manager.execute(address(aigc), call_);
        // What isn't an upgrade goes on.
        assertEq(_register(alice), 1);
    }

    // ---------------------------------------------------------------- helpers

    function _call(bytes memory data) internal {
        (bool ok, bytes memory answer) = address(aigc).call(data);
        if (!ok) {
            assembly {
                revert(add(answer, 32), mload(answer))
            }
        }
    }

    /// @dev All that can be read of a model and of the contract.
    function _everything(uint256 modelId) internal view returns (bytes memory) {
        Model memory model = aigc.modelOf(modelId);
        (address receiver,) = aigc.royaltyInfo(modelId, 1 ether);
        return bytes.concat(
            abi.encode(model, receiver, aigc.ownerOf(modelId), aigc.getApproved(modelId), aigc.userOf(modelId)),
            abi.encode(
                aigc.tokenURI(modelId),
                aigc.totalSupply(),
                aigc.balanceOf(alice),
                aigc.licenseExpires(modelId, bob),
                _moves(modelId),
                _shown(modelId)
            ),
            abi.encode(aigc.name(), aigc.symbol(), aigc.authority(), aigc.treasury(), aigc.registrationFee())
        );
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {Base64} from "solady/utils/Base64.sol";
import {LibString} from "solady/utils/LibString.sol";

import {AIGC} from "../../../contracts/AIGC.sol";
import {GridRenderer} from "../../../contracts/GridRenderer.sol";
import {Access, IAIGC, Model, ModelSpec} from "../../../contracts/interfaces/IAIGC.sol";
import {CallingReceiver, CallingToken} from "../../utils/AigcActors.sol";
import {AigcBase} from "../../utils/AigcBase.sol";

/// @dev A cheatcode that this forge has and its forge-std doesn't know yet: forgets that an account was touched.
interface ICooler {
    function cool(address target) external;
}

/// @dev What somebody who means harm would try on AIGC. The numbers are those of docs/security.md.
contract AigcAttacksTest is AigcBase {
    // ---------------------------------------------------------------- 41: re-entry

    function test_T41_ReceiverCannotReenterRegister() external {
        vm.prank(params);
        aigc.setRegistrationFee(0);
        CallingReceiver receiver = new CallingReceiver();
        receiver.arm(address(aigc), abi.encodeCall(IAIGC.register, (_spec(), address(receiver), 0)));
        vm.prank(alice);
        aigc.register(_spec(), address(receiver), 0);
        assertFalse(receiver.succeeded());
        assertEq(
            receiver.returned(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        assertEq(aigc.totalSupply(), 1);
    }

    /// @dev The callback comes when everything is done: the receiver may do what an owner may.
    function test_T41_ReceiverFindsAFinishedModel() external {
        CallingReceiver receiver = new CallingReceiver();
        receiver.arm(address(aigc), abi.encodeCall(IAIGC.setAccess, (1, Access.PRIVATE)));
        vm.prank(alice);
        aigc.register(_spec(), address(receiver), FEE);
        assertTrue(receiver.succeeded());
        assertFalse(aigc.canUse(1, bob));
        assertEq(aipg.balanceOf(treasury), FEE, "the fee was paid before");
    }

    /// @dev The receiver sees in its callback that the fee is paid already.
    function test_T41_ReceiverIsCalledAfterThePayment() external {
        CallingReceiver receiver = new CallingReceiver();
        receiver.arm(address(aipg), abi.encodeCall(aipg.balanceOf, (treasury)));
        vm.prank(alice);
        aigc.register(_spec(), address(receiver), FEE);
        assertTrue(receiver.succeeded());
        assertEq(receiver.returned(), abi.encode(FEE));
    }

    /// @dev A token that hands control to the seller in mid-payment: the license can't be bought twice for one price.
    function test_T41_TokenCannotReenterBuyLicense() external {
        CallingToken token = new CallingToken();
        AIGC other = AIGC(
            address(
                new ERC1967Proxy(
                    address(new AIGC(token)), abi.encodeCall(AIGC.initialize, (address(manager), treasury, 0))
                )
            )
        );
        ModelSpec memory spec = _spec();
        spec.access = Access.LICENSED;
        vm.startPrank(alice);
        other.register(spec, alice, 0);
        other.setLicenseTerms(1, PRICE, PERIOD);
        vm.stopPrank();
        token.mint(bob, 100e18);
        token.approveFor(bob, address(other));
        token.arm(address(other), abi.encodeCall(IAIGC.buyLicense, (1, mallory, 1, PERIOD, PRICE)));
        vm.prank(bob);
        uint40 expires = other.buyLicense(1, bob, 1, PERIOD, PRICE);
        assertTrue(token.called());
        assertEq(
            token.returned(), abi.encodeWithSelector(ReentrancyGuardTransient.ReentrancyGuardReentrantCall.selector)
        );
        assertEq(other.licenseExpires(1, bob), expires);
        assertEq(other.licenseExpires(1, mallory), 0);
        assertEq(token.balanceOf(alice), PRICE);
    }

    // ---------------------------------------------------------------- 42: royaltyInfo

    /// @dev Whatever the id and the price: no revert, a small answer, little gas, at most a tenth.
    function testFuzz_T42_RoyaltyInfoIsHarmless(uint256 modelId, uint256 price, uint16 bps) external {
        ModelSpec memory spec = _spec();
        spec.resaleBps = uint16(bound(bps, 0, 1000));
        _register(alice, spec);
        modelId = modelId % 3 == 0 ? 1 : modelId;
        uint256 gasBefore = gasleft();
        (bool ok, bytes memory answer) =
            address(aigc).staticcall{gas: 30_000}(abi.encodeCall(aigc.royaltyInfo, (modelId, price)));
        assertLt(gasBefore - gasleft(), 20_000);
        assertTrue(ok);
        assertEq(answer.length, 64);
        (, uint256 amount) = abi.decode(answer, (address, uint256));
        assertLe(amount, price / 10);
    }

    // ---------------------------------------------------------------- 36, 37d: what a settlement reads

    /// @dev GridSettlement gives these calls 30,000 gas, cold, through the proxy.
    function test_T37d_TermsAreReadWellWithinTheirGas() external {
        uint256 modelId = _register(alice);
        vm.prank(alice);
        aigc.announceUsageRoyalty(modelId, 100);
        address implementation = address(uint160(uint256(vm.load(address(aigc), ERC1967Utils.IMPLEMENTATION_SLOT))));
        bytes[3] memory calls = [
            abi.encodeCall(aigc.usageRoyaltyBps, (modelId)),
            abi.encodeCall(aigc.weightsHash, (modelId)),
            abi.encodeWithSignature("ownerOf(uint256)", modelId)
        ];
        for (uint256 i; i < calls.length; ++i) {
            ICooler(address(vm)).cool(address(aigc));
            ICooler(address(vm)).cool(implementation);
            (bool ok, bytes memory answer) = address(aigc).staticcall{gas: 15_000}(calls[i]);
            assertTrue(ok);
            assertEq(answer.length, 32);
        }
    }

    function test_T36_ARoyaltyCannotRiseOverNight() external {
        uint256 modelId = _register(alice);
        // The payer saw 5% when it signed. The owner announces 20%, again and again: no order of calls makes it quicker.
        vm.prank(alice);
        aigc.announceUsageRoyalty(modelId, 2000);
        skip(6 days);
        vm.prank(alice);
        aigc.announceUsageRoyalty(modelId, 1999);
        skip(6 days);
        assertEq(aigc.usageRoyaltyBps(modelId), 500);
        vm.prank(alice);
        aigc.transferFrom(alice, bob, modelId);
        assertEq(aigc.usageRoyaltyBps(modelId), 500);
        skip(1 days);
        assertEq(aigc.usageRoyaltyBps(modelId), 1999);
    }

    // ---------------------------------------------------------------- 45: hostile text

    /// @dev Any bytes: either they are refused by a named error, or the JSON is valid and reads back.
    function testFuzz_T45_TokenURIIsValidOrTheTextIsRefused(bytes calldata raw) external {
        vm.assume(raw.length != 0);
        ModelSpec memory spec = _spec();
        bytes memory text = raw.length > 64 ? raw[:64] : raw;
        (spec.name, spec.license, spec.weightsURI) = (string(text), string(text), string(text));
        vm.prank(alice);
        try aigc.register(spec, alice, FEE) returns (uint256 modelId) {
            string memory json = string(Base64.decode(LibString.slice(aigc.tokenURI(modelId), 29)));
            assertEq(vm.parseJsonString(json, ".model.license"), string(text));
            assertEq(vm.parseJsonString(json, ".name"), string.concat(string(text), " 1.0"));
            assertEq(vm.parseJsonKeys(json, "$").length, 5);
        } catch (bytes memory reason) {
            assertEq(bytes4(reason), bytes4(keccak256("JsonText_Invalid(string,uint256)")));
        }
    }

    /// @dev ASCII is hardly ever random bytes' fate: here each byte is printable, and often one that JSON cares about.
    function testFuzz_T45_PrintableTextReadsBack(uint8[40] calldata choices) external {
        bytes memory alphabet = "\"\\/{}[]:,'<>&`$ abcXYZ019;=()!?#%+-.*^_|~@";
        bytes memory text = new bytes(40);
        for (uint256 i; i < 40; ++i) {
            text[i] = alphabet[choices[i] % alphabet.length];
        }
        ModelSpec memory spec = _spec();
        (spec.name, spec.license, spec.weightsURI) = (string(text), string(text), string(text));
        uint256 modelId = _register(alice, spec);
        string memory json = string(Base64.decode(LibString.slice(aigc.tokenURI(modelId), 29)));
        assertEq(vm.parseJsonString(json, ".model.weights_uri"), string(text));
        assertEq(vm.parseJsonString(json, ".attributes[2].value"), string(text));
    }

    // ---------------------------------------------------------------- 46: metadata too large to be read

    /// @dev The longest texts that are accepted, all in need of escaping, fit an eth_call many times over; so does a page
    /// of models.
    function test_T46_TheLargestModelsCanBeRead() external {
        ModelSpec memory spec = _spec();
        spec.name = LibString.repeat("\"", 64);
        spec.version = LibString.repeat("\\", 32);
        spec.weightsURI = LibString.repeat("\"", 512);
        spec.license = LibString.repeat("\\", 256);
        spec.previewCid = LibString.repeat("b", 128);
        uint256 modelId = _register(alice, spec);
        uint256 gasBefore = gasleft();
        string memory uri = aigc.tokenURI(modelId);
        assertLt(gasBefore - gasleft(), 2_000_000);
        string memory json = string(Base64.decode(LibString.slice(uri, 29)));
        assertEq(vm.parseJsonString(json, ".model.weights_uri"), spec.weightsURI);
        // A renderer of artworks reads its name with 200,000 gas, cold storage included.
        GridRenderer renderer = new GridRenderer(IAIGC(address(aigc)), "https://grid.example/token/");
        address implementation = address(uint160(uint256(vm.load(address(aigc), ERC1967Utils.IMPLEMENTATION_SLOT))));
        ICooler(address(vm)).cool(address(aigc));
        ICooler(address(vm)).cool(implementation);
        assertEq(renderer.modelName{gas: 200_000}(modelId), spec.name);
        for (uint256 i; i < 9; ++i) {
            _register(alice, spec);
        }
        uint256[] memory modelIds = new uint256[](100);
        for (uint256 i; i < 100; ++i) {
            modelIds[i] = 1 + i % 10;
        }
        gasBefore = gasleft();
        assertEq(aigc.modelsOf(modelIds).length, 100);
        assertLt(gasBefore - gasleft(), 25_000_000);
    }

    // ---------------------------------------------------------------- 49: terms changed in the buyer's block

    function test_T49_ARaisedPriceIsRefused() external {
        uint256 modelId = _licensed();
        vm.prank(alice);
        aigc.setLicenseTerms(modelId, PRICE + 1, PERIOD);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_PriceTooHigh.selector, PRICE + 1, PRICE));
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
    }

    function test_T49_AShortenedPeriodIsRefused() external {
        uint256 modelId = _licensed();
        vm.prank(alice);
        aigc.setLicenseTerms(modelId, PRICE, 1);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_PeriodChanged.selector, PERIOD, uint32(1)));
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
    }

    /// @dev Paying for what has just become free, or is for sale no more, is refused too.
    function test_T49_AChangedAccessIsRefused() external {
        uint256 modelId = _licensed();
        Access[2] memory accesses = [Access.OPEN, Access.PRIVATE];
        for (uint256 i; i < 2; ++i) {
            vm.prank(alice);
            aigc.setAccess(modelId, accesses[i]);
            vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_NotForSale.selector, modelId));
            vm.prank(bob);
            aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
        }
    }

    function test_T49_NothingTakesALicenseBack() external {
        uint256 modelId = _licensed();
        vm.prank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
        uint256 end = block.timestamp + PERIOD;
        vm.startPrank(alice);
        aigc.setAccess(modelId, Access.PRIVATE);
        aigc.setLicenseTerms(modelId, type(uint128).max, 0);
        aigc.setUser(modelId, mallory, type(uint64).max);
        aigc.transferFrom(alice, mallory, modelId);
        vm.stopPrank();
        vm.prank(curator);
        aigc.setDeprecated(modelId, true);
        vm.prank(guardian);
        aigc.pause();
        vm.warp(end);
        assertTrue(aigc.canUse(modelId, bob));
    }

    /// @dev The order of a token's buyer that names the nonce is void once the seller touched the model.
    function test_T44_EveryOwnersChangeMovesThePresentationNonce() external {
        uint256 modelId = _licensed(); // one change already
        vm.startPrank(alice);
        aigc.setAccess(modelId, Access.PRIVATE);
        assertEq(_shown(modelId), 2);
        aigc.setWeightsURI(modelId, "");
        assertEq(_shown(modelId), 3);
        aigc.setLicenseTerms(modelId, 0, 1);
        assertEq(_shown(modelId), 4);
        aigc.announceUsageRoyalty(modelId, 0);
        assertEq(_shown(modelId), 5);
        vm.startPrank(curator);
        aigc.setVerified(modelId, true);
        assertEq(_shown(modelId), 6);
        aigc.setDeprecated(modelId, true);
        assertEq(_shown(modelId), 7);
    }

    /// @dev Only the owner and a CURATOR move it, so no stranger can void another's order for the price of a transaction.
    function test_T44_AStrangerMovesNeitherMovesNorShown() external {
        uint256 modelId = _licensed();
        (uint64 moves, uint64 shown) = aigc.stateOf(modelId);
        vm.startPrank(bob);
        aigc.buyLicense(modelId, bob, 1, PERIOD, PRICE);
        aigc.register(_spec(), alice, FEE);
        bytes[8] memory calls = [
            abi.encodeCall(IAIGC.setWeightsURI, (modelId, "ipfs://1")),
            abi.encodeCall(IAIGC.setAccess, (modelId, Access.PRIVATE)),
            abi.encodeCall(IAIGC.announceUsageRoyalty, (modelId, 1)),
            abi.encodeCall(IAIGC.setLicenseTerms, (modelId, 1, 1)),
            abi.encodeCall(IAIGC.setVerified, (modelId, true)),
            abi.encodeCall(IAIGC.setDeprecated, (modelId, true)),
            abi.encodeWithSignature("transferFrom(address,address,uint256)", alice, alice, modelId),
            abi.encodeWithSignature("setUser(uint256,address,uint64)", modelId, bob, uint64(1))
        ];
        for (uint256 i; i < calls.length; ++i) {
            (bool ok,) = address(aigc).call(calls[i]);
            assertFalse(ok);
        }
        assertEq(_moves(modelId), moves);
        assertEq(_shown(modelId), shown);
    }

    /// @dev A token that is sold, changed and bought back by its seller isn't the token that was offered.
    function test_T44_ATokenThatCameBackHasMoved() external {
        uint256 modelId = _register(alice);
        vm.prank(alice);
        aigc.transferFrom(alice, mallory, modelId);
        vm.prank(mallory);
        aigc.transferFrom(mallory, alice, modelId);
        assertEq(_moves(modelId), 2);
        assertEq(_shown(modelId), 0);
    }

    // ---------------------------------------------------------------- 64: a rate for what doesn't exist

    /// @dev A settlement that reads a rate for an id of tomorrow must not take "there is none" for "it asks for nothing".
    function test_T64_AnIdOfTomorrowHasNoRate() external {
        _expectUnknown(1);
        aigc.usageRoyaltyBps(1);
        _register(alice);
        assertEq(aigc.usageRoyaltyBps(1), 500);
    }

    // ---------------------------------------------------------------- 65: a registrant without a cap

    /// @dev The fee is raised to its cap in the block of a registration that approved more than it meant to pay.
    function test_T65_ARaisedFeeIsRefused() external {
        uint128 quoted = aigc.registrationFee();
        uint128 raised = aigc.MAX_REGISTRATION_FEE();
        vm.prank(params);
        aigc.setRegistrationFee(raised);
        uint256 balance = aipg.balanceOf(alice);
        vm.expectRevert(abi.encodeWithSelector(IAIGC.AIGC_FeeAboveMax.selector, raised, quoted));
        vm.prank(alice);
        aigc.register(_spec(), alice, quoted);
        assertEq(aipg.balanceOf(alice), balance);
        assertEq(aigc.totalSupply(), 0);
    }

    /// @dev A fee at or below the quote passes, and no more than the fee is taken.
    function testFuzz_T65_TheCapIsNoPrice(uint128 fee, uint128 maxFee) external {
        fee = uint128(bound(fee, 0, aigc.MAX_REGISTRATION_FEE()));
        maxFee = uint128(bound(maxFee, fee, type(uint128).max));
        vm.prank(params);
        aigc.setRegistrationFee(fee);
        uint256 balance = aipg.balanceOf(alice);
        vm.prank(alice);
        aigc.register(_spec(), alice, maxFee);
        assertEq(balance - aipg.balanceOf(alice), fee);
        assertEq(aipg.balanceOf(treasury), fee);
    }

    // ---------------------------------------------------------------- what other systems got wrong

    /// @dev Elsewhere the owner of the day rewrote what was sold, without an event. Here nothing rewrites a model's
    /// identity: every function there is, called by everyone who holds anything, leaves it as it was registered.
    function test_PastMistake_IdentityIsNeverRewritten() external {
        uint256 modelId = _licensed();
        Model memory before = aigc.modelOf(modelId);
        vm.startPrank(alice);
        aigc.setWeightsURI(modelId, "ipfs://elsewhere");
        aigc.setAccess(modelId, Access.PRIVATE);
        aigc.announceUsageRoyalty(modelId, 2000);
        aigc.setLicenseTerms(modelId, 1, 1);
        aigc.setRoyaltyReceiver(modelId, mallory);
        aigc.transferFrom(alice, bob, modelId);
        vm.startPrank(curator);
        aigc.setVerified(modelId, true);
        aigc.setDeprecated(modelId, true);
        vm.startPrank(params);
        aigc.setRegistrationFee(0);
        aigc.setTreasury(mallory);
        aigc.setContractURI("x");
        vm.startPrank(upgrader);
        aigc.sealUpgrades();
        vm.stopPrank();
        skip(30 days);
        Model memory afterwards = aigc.modelOf(modelId);
        // What may change, set back: the rest must be equal.
        afterwards.spec.weightsURI = before.spec.weightsURI;
        afterwards.spec.access = before.spec.access;
        (afterwards.nextUsageBps, afterwards.nextUsageFrom) = (0, 0);
        (afterwards.licensePrice, afterwards.licensePeriod) = (before.licensePrice, before.licensePeriod);
        (afterwards.verified, afterwards.deprecated) = (false, false);
        assertEq(abi.encode(afterwards), abi.encode(before));
        assertEq(aigc.weightsHash(modelId), before.spec.weightsHash);
    }

    /// @dev Elsewhere models were taken over by registering their hash first. Here a copy changes nothing for the first.
    function test_PastMistake_NobodySquatsAHash() external {
        ModelSpec memory spec = _spec();
        _register(mallory, spec);
        uint256 modelId = _register(alice, spec);
        vm.prank(curator);
        aigc.setVerified(modelId, true);
        assertFalse(aigc.modelOf(1).verified);
        assertTrue(aigc.modelOf(modelId).verified);
    }

    /// @dev Elsewhere the royalty went to whoever ran the machine, or came back to the seller.
    function test_PastMistake_ResaleRoyaltyGoesToTheCreator() external {
        uint256 modelId = _register(bob); // alice relays and pays, bob is the creator
        vm.prank(bob);
        aigc.transferFrom(bob, mallory, modelId);
        (address receiver,) = aigc.royaltyInfo(modelId, 1 ether);
        assertEq(receiver, bob);
    }

    /// @dev Changes without an event can't be indexed: every function that changes a model's terms emits.
    function test_PastMistake_EveryChangeEmits() external {
        uint256 modelId = _licensed();
        bytes[6] memory calls = [
            abi.encodeCall(IAIGC.setWeightsURI, (modelId, "ipfs://1")),
            abi.encodeCall(IAIGC.setAccess, (modelId, Access.PRIVATE)),
            abi.encodeCall(IAIGC.announceUsageRoyalty, (modelId, 1)),
            abi.encodeCall(IAIGC.setLicenseTerms, (modelId, 1, 1)),
            abi.encodeCall(IAIGC.setRoyaltyReceiver, (modelId, bob)),
            abi.encodeWithSignature("setUser(uint256,address,uint64)", modelId, bob, uint64(1))
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.recordLogs();
            vm.prank(alice);
            (bool ok,) = address(aigc).call(calls[i]);
            assertTrue(ok);
            Vm.Log[] memory logs = vm.getRecordedLogs();
            assertGt(logs.length, 0);
            assertEq(logs[0].topics[1], bytes32(modelId), "the first log names the model");
        }
    }
}

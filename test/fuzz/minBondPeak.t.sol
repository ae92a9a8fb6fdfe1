// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {RegistryBase} from "../utils/RegistryBase.sol";

/// @notice `peakMinBond` against a reference that keeps the whole history of settings.
contract MinBondPeakTest is RegistryBase {
    struct Setting {
        uint128 minBond;
        uint256 from;
    }

    Setting[] private _settings;

    function setUp() public override {
        super.setUp();
        _settings.push(Setting(1000e18, block.timestamp));
    }

    /// @dev Any history. The peak is never below what was in force, and always something that was in force.
    function testFuzz_ThePeakIsNeverTooLow(uint256 seed) external {
        for (uint256 i; i < 24; ++i) {
            bytes32 dice = keccak256(abi.encode(seed, i));
            skip(_wait(dice));
            _check(false);
            _set(_amount(dice));
            _check(false);
        }
    }

    /// @dev A fall at least a second more than an unbond delay after the one before: the peak is exact, at every edge.
    function testFuzz_ThePeakIsExactAfterSimpleHistories(uint256 seed) external {
        for (uint256 i; i < 8; ++i) {
            bytes32 dice = keccak256(abi.encode(seed, i));
            _set(_amount(dice));
            _check(true);
            skip(7 days - 1);
            _check(true);
            skip(1);
            _check(true);
            skip(7 days);
            _check(true);
            skip(1);
            _check(true);
            skip(_wait(dice));
        }
    }

    function _wait(bytes32 dice) private pure returns (uint256) {
        uint256 kind = uint8(dice[31]) % 6;
        if (kind == 0) return 0;
        if (kind == 1) return 7 days;
        if (kind == 2) return 14 days;
        if (kind == 3) return 14 days + 1;
        return uint256(dice) % 20 days;
    }

    /// @dev Half of the time a raise within the bounds, else a fall, or what is in force.
    function _amount(bytes32 dice) private view returns (uint128) {
        uint256 inForce = registry.minBond();
        uint256 kind = uint8(dice[30]) % 8;
        if (kind == 0) return uint128(inForce);
        if (kind < 5) return uint128(bound(uint256(dice), inForce, 2 * inForce));
        return uint128(bound(uint256(dice), 100e18, inForce));
    }

    function _set(uint128 minBond) private {
        bool raises = minBond > registry.minBond();
        vm.prank(params);
        try registry.setMinBond(minBond) {
            if (_settings[_settings.length - 1].from > block.timestamp) _settings.pop();
            _settings.push(Setting(minBond, block.timestamp + (raises ? 7 days : 0)));
        } catch {}
    }

    function _check(bool exact) private view {
        uint128 highest;
        uint128 inForce;
        bool known;
        uint128 peak = registry.peakMinBond();
        for (uint256 i; i < _settings.length; ++i) {
            Setting memory setting = _settings[i];
            if (setting.from > block.timestamp) break;
            inForce = setting.minBond;
            if (setting.minBond == peak) known = true;
            uint256 end = i + 1 < _settings.length ? _settings[i + 1].from : type(uint256).max;
            bool counts = end == type(uint256).max || end + 14 days >= block.timestamp;
            if (counts && setting.minBond > highest) highest = setting.minBond;
        }
        assertEq(registry.minBond(), inForce, "in force");
        assertGe(peak, highest, "too low");
        assertTrue(known, "never in force");
        if (exact) assertEq(peak, highest, "exact");
    }
}

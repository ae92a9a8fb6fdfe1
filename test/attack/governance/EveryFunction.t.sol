// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {LibString} from "solady/utils/LibString.sol";

import {GridRoles} from "../../../contracts/governance/GridRoles.sol";
import {GridGovernance, Permission} from "../../../script/GridGovernance.sol";
import {Artifacts} from "../../utils/Artifacts.sol";
import {GovernanceBase, PromisedCall} from "../../utils/GovernanceBase.sol";

/// @dev Threats 40 and 66: every function of the authority in the hands of a thief who holds ADMIN. Each attempt is made at once, as a
/// scheduled operation, and again at every tick; then the thief and an accomplice schedule and execute all that breaks a promise
/// (`promised`), as early as anything lets them. The earliest second at which code (with renderer, sources, seals, authorities)
/// or parameters (fees, bonds, treasuries) differ is asserted for each attempt.
contract EveryFunctionTest is GovernanceBase, Artifacts {
    uint256 private constant NEVER = type(uint256).max;
    uint64 private constant PUBLIC = type(uint64).max;

    struct Attempt {
        string signature;
        bytes data;
        uint256 code; // earliest second after the first call, without a veto
        uint256 params;
    }

    Attempt[] private _attempts;
    /// @dev Seconds at which delays end, and one before.
    uint256[] private _ticks;

    function setUp() public override {
        super.setUp();
        uint256[10] memory days_ = [uint256(3), 4, 5, 6, 7, 8, 10, 13, 14, 15];
        _ticks.push(0);
        for (uint256 i; i < days_.length; ++i) {
            _ticks.push(days_[i] * 1 days - 1);
            _ticks.push(days_[i] * 1 days);
        }
        _ticks.push(30 days);
        _fill();
    }

    // ---------------------------------------------------------------- the tests

    function test_T40_TheWalkNamesEveryFunctionOfTheAuthority() external view {
        string memory artifact = _artifactOf("GridAuthority");
        string[] memory signatures = _signaturesOf("GridAuthority");
        uint256 walked;
        for (uint256 i; i < signatures.length; ++i) {
            if (!_changesState(artifact, signatures[i])) continue;
            assertTrue(_isWalked(signatures[i]), signatures[i]);
            ++walked;
        }
        assertEq(walked, 16);
    }

    /// @dev Each function alone: only granting a role leads anywhere, after 7 days (code) and 5 days (parameters).
    function test_T40_EarliestSecondOfEveryFunction() external {
        vm.pauseGasMetering();
        for (uint256 i; i < _attempts.length; ++i) {
            _assertEarliest(_attempts[i], false, _attempts[i].code, _attempts[i].params);
        }
    }

    /// @dev With a GUARDIAN that cancels what it sees, no function leads anywhere while it is GUARDIAN.
    function test_T40_TheGuardianStopsEveryPathInTime() external {
        for (uint256 i; i < _attempts.length; ++i) {
            if (_attempts[i].code == NEVER && _attempts[i].params == NEVER) continue;
            _assertEarliest(_attempts[i], true, NEVER, NEVER);
        }
    }

    /// @dev All of it together: roles granted and the guardian revoked on the first day. The veto holds through the thirteenth
    /// day; what is scheduled after it waits its delay: code differs after 15 days, parameters after 14.
    function test_T40_RevokingTheGuardianTakesThirteenDays() external {
        bytes[] memory calls = new bytes[](3);
        calls[0] = abi.encodeCall(IAccessManager.revokeRole, (GridRoles.GUARDIAN, config.guardian));
        calls[1] = abi.encodeCall(IAccessManager.grantRole, (GridRoles.UPGRADER, mallory, 2 days));
        calls[2] = abi.encodeCall(IAccessManager.grantRole, (GridRoles.PARAMS, config.admin, 1 days));
        (uint256 code, uint256 params) = _earliest(calls, true);
        assertEq(code, 15 days);
        assertEq(params, 14 days);
    }

    /// @dev Through a second ADMIN it only takes longer, and each of the two waits.
    function test_T40_ThroughAnotherAdminItTakesLonger() external {
        _asAdmin(abi.encodeCall(IAccessManager.grantRole, (GridRoles.ADMIN, mallory, 3 days)));
        config.admin = mallory;
        bytes[] memory calls = new bytes[](1);
        calls[0] = abi.encodeCall(IAccessManager.grantRole, (GridRoles.UPGRADER, mallory, 2 days));
        (uint256 code, uint256 params) = _earliest(calls, false);
        assertEq(code, 7 days); // after the first three
        assertEq(params, NEVER);
    }

    // ---------------------------------------------------------------- the attempts

    function _fill() private {
        bytes memory upgrade = promised[0].data;
        _try("grantRole(uint64,address,uint32)", abi.encodeCall(IAccessManager.grantRole, (1, mallory, 2 days)), 7 days);
        _try(
            "grantRole(uint64,address,uint32)",
            abi.encodeCall(IAccessManager.grantRole, (1, config.admin, 2 days)),
            7 days
        );
        _attempts.push(
            Attempt({
                signature: "grantRole(uint64,address,uint32)",
                data: abi.encodeCall(IAccessManager.grantRole, (2, mallory, 1 days)),
                code: NEVER,
                params: 5 days
            })
        );
        _try("grantRole(uint64,address,uint32)", abi.encodeCall(IAccessManager.grantRole, (1, mallory, 0)));
        _try("grantRole(uint64,address,uint32)", abi.encodeCall(IAccessManager.grantRole, (1, config.upgrader, 0)));
        _try("grantRole(uint64,address,uint32)", abi.encodeCall(IAccessManager.grantRole, (0, mallory, 0)));
        _try("grantRole(uint64,address,uint32)", abi.encodeCall(IAccessManager.grantRole, (4, mallory, 0)));
        _try("grantRole(uint64,address,uint32)", abi.encodeCall(IAccessManager.grantRole, (PUBLIC, mallory, 0)));
        _try("grantRole(uint64,address,uint32)", abi.encodeCall(IAccessManager.grantRole, (1, grid.authority, 2 days)));
        _try("revokeRole(uint64,address)", abi.encodeCall(IAccessManager.revokeRole, (4, config.guardian)));
        _try("revokeRole(uint64,address)", abi.encodeCall(IAccessManager.revokeRole, (1, config.upgrader)));
        _try("renounceRole(uint64,address)", abi.encodeCall(IAccessManager.renounceRole, (0, config.admin)));
        _try("renounceRole(uint64,address)", abi.encodeCall(IAccessManager.renounceRole, (4, config.guardian)));
        for (uint64 role; role < 5; ++role) {
            uint64[3] memory others = [0, role == 3 ? 1 : 3, PUBLIC];
            for (uint256 i; i < 3; ++i) {
                _try("setRoleAdmin(uint64,uint64)", abi.encodeCall(IAccessManager.setRoleAdmin, (role, others[i])));
                _try(
                    "setRoleGuardian(uint64,uint64)", abi.encodeCall(IAccessManager.setRoleGuardian, (role, others[i]))
                );
            }
            _try("setGrantDelay(uint64,uint32)", abi.encodeCall(IAccessManager.setGrantDelay, (role, 0)));
            _try("labelRole(uint64,string)", abi.encodeCall(IAccessManager.labelRole, (role, "UPGRADER")));
        }
        _fillTargets();
        // Calls that carry a call.
        bytes memory grant = abi.encodeCall(IAccessManager.grantRole, (1, mallory, 2 days));
        bytes[] memory batch = new bytes[](2);
        batch[0] = grant;
        batch[1] = abi.encodeCall(IAccessManager.execute, (grid.aigc, upgrade));
        _try("multicall(bytes[])", abi.encodeCall(Multicall.multicall, (batch)));
        for (uint256 i; i < promised.length; ++i) {
            PromisedCall memory call_ = promised[i];
            _try(
                "schedule(address,bytes,uint48)", abi.encodeCall(IAccessManager.schedule, (call_.target, call_.data, 0))
            );
            _try("execute(address,bytes)", abi.encodeCall(IAccessManager.execute, (call_.target, call_.data)));
        }
        bytes memory consume = abi.encodeCall(IAccessManager.consumeScheduledOp, (config.admin, upgrade));
        _try("consumeScheduledOp(address,bytes)", consume);
        bytes memory cancel = abi.encodeCall(IAccessManager.cancel, (config.admin, grid.aigc, upgrade));
        _try("cancel(address,address,bytes)", cancel);
        _try("execute(address,bytes)", abi.encodeCall(IAccessManager.execute, (grid.authority, grant)));
        _try("execute(address,bytes)", abi.encodeCall(IAccessManager.execute, (grid.authority, batch[1])));
    }

    function _fillTargets() private {
        Permission[] memory all = GridGovernance.permissions(grid);
        uint64[2] memory roles = [GridRoles.ADMIN, PUBLIC];
        for (uint256 i; i < all.length; ++i) {
            for (uint256 k; k < 2; ++k) {
                _try(
                    "setTargetFunctionRole(address,bytes4[],uint64)",
                    abi.encodeCall(
                        IAccessManager.setTargetFunctionRole, (all[i].target, _one(all[i].selector), roles[k])
                    )
                );
            }
        }
        string memory artifact = _artifactOf("GridAuthority");
        string[] memory own = _signaturesOf("GridAuthority");
        for (uint256 i; i < own.length; ++i) {
            if (!_changesState(artifact, own[i])) continue;
            _try(
                "setTargetFunctionRole(address,bytes4[],uint64)",
                abi.encodeCall(
                    IAccessManager.setTargetFunctionRole, (grid.authority, _one(_selectorOf(own[i])), PUBLIC)
                )
            );
        }
        address[4] memory managed = GridGovernance.targets(grid);
        for (uint256 i; i < 4; ++i) {
            address target = managed[i];
            _try("setTargetAdminDelay(address,uint32)", abi.encodeCall(IAccessManager.setTargetAdminDelay, (target, 0)));
            _try("setTargetClosed(address,bool)", abi.encodeCall(IAccessManager.setTargetClosed, (target, true)));
            bytes memory move = abi.encodeCall(IAccessManager.updateAuthority, (target, grid.aipg));
            _try("updateAuthority(address,address)", move);
            _try("execute(address,bytes)", abi.encodeCall(IAccessManager.execute, (grid.authority, move)));
            bytes memory set = abi.encodeCall(IAccessManaged.setAuthority, (grid.aipg));
            _try("execute(address,bytes)", abi.encodeCall(IAccessManager.execute, (target, set)));
            _try("schedule(address,bytes,uint48)", abi.encodeCall(IAccessManager.schedule, (target, set, 0)));
            _try(
                "setTargetFunctionRole(address,bytes4[],uint64)",
                abi.encodeCall(
                    IAccessManager.setTargetFunctionRole, (target, _one(IAccessManaged.setAuthority.selector), PUBLIC)
                )
            );
        }
    }

    function _try(string memory signature, bytes memory data) private {
        _try(signature, data, NEVER);
    }

    function _try(string memory signature, bytes memory data, uint256 code) private {
        assertEq(bytes4(data), _selectorOf(signature), signature);
        _attempts.push(Attempt({signature: signature, data: data, code: code, params: NEVER}));
    }

    function _isWalked(string memory signature) private view returns (bool) {
        for (uint256 i; i < _attempts.length; ++i) {
            if (LibString.eq(_attempts[i].signature, signature)) return true;
        }
        return false;
    }

    // ---------------------------------------------------------------- the walk

    function _assertEarliest(Attempt memory attempt, bool veto, uint256 code, uint256 params) private {
        bytes[] memory calls = new bytes[](1);
        calls[0] = attempt.data;
        uint256 state = vm.snapshotState();
        (uint256 codeAt, uint256 paramsAt) = this.earliest(calls, veto); // a call, so that its memory is freed
        vm.revertToState(state);
        assertEq(codeAt, code, string.concat("code: ", attempt.signature));
        assertEq(paramsAt, params, string.concat("params: ", attempt.signature));
    }

    function earliest(bytes[] calldata calls, bool veto) external returns (uint256, uint256) {
        return _earliest(calls, veto);
    }

    /// @dev The thief makes `calls` as early as possible, and afterwards everybody makes all that is promised against.
    function _earliest(bytes[] memory calls, bool veto) private returns (uint256 codeAt, uint256 paramsAt) {
        (codeAt, paramsAt) = (NEVER, NEVER);
        uint256 start = block.timestamp;
        bytes32 code = _code();
        bytes32 params = _params();
        for (uint256 i; i < _ticks.length; ++i) {
            vm.warp(start + _ticks[i]);
            for (uint256 k; k < calls.length; ++k) {
                _act(config.admin, grid.authority, calls[k]);
            }
            for (uint256 k; k < promised.length; ++k) {
                PromisedCall memory call_ = promised[k];
                _act(config.admin, call_.target, call_.data);
                _act(mallory, call_.target, call_.data);
            }
            if (codeAt == NEVER && _code() != code) codeAt = _ticks[i];
            if (paramsAt == NEVER && _params() != params) paramsAt = _ticks[i];
            if (veto) _veto();
        }
    }

    /// @dev A call in each way there is: directly, executed, scheduled.
    function _act(address who, address target, bytes memory data) private {
        vm.startPrank(who);
        (bool ok,) = target.call(data);
        // An account that may not call can neither execute nor schedule: not asked twice, for this is done some 100,000 times.
        bool may = target == grid.authority;
        if (!ok && !may) {
            (bool immediate, uint32 delay) = authority.canCall(who, target, bytes4(data));
            may = immediate || delay != 0;
        }
        if (!ok && !may) return vm.stopPrank();
        if (!ok) (ok,) = grid.authority.call(abi.encodeCall(IAccessManager.execute, (target, data)));
        if (!ok) (ok,) = grid.authority.call(abi.encodeCall(IAccessManager.schedule, (target, data, 0)));
        vm.stopPrank();
    }

    function _veto() private {
        vm.startPrank(config.guardian);
        for (uint256 k; k < promised.length; ++k) {
            PromisedCall memory call_ = promised[k];
            address[2] memory whose = [config.admin, mallory];
            for (uint256 i; i < 2; ++i) {
                (bool ok,) =
                    grid.authority.call(abi.encodeCall(IAccessManager.cancel, (whose[i], call_.target, call_.data)));
                ok;
            }
        }
        vm.stopPrank();
    }
}

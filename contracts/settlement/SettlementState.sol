// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {PayerAccount, FeeConfig, Lane, LaneTotal, Signer, TreasurerCap} from "../interfaces/IGridSettlement.sol";

/// @dev Settings of governance that every settlement reads, in one slot.
struct Policy {
    address treasury;
    uint16 feeConfigId;
    uint16 protocolBps;
    uint16 previousProtocolBps;
    uint40 since;
    bool paused;
}

/// @dev A model's unclaimed royalties, and its rate as AIGC last gave it. One slot, so that a payment that writes the
/// first finds the second.
struct ModelAccount {
    uint128 earned;
    uint16 royaltyBps;
    uint40 readAt;
}

/// @dev A slot. A struct, so that whoever found it can hand it on, to be read and then written.
struct Word {
    uint256 bits;
}

/// @dev All storage of GridSettlement.
///
/// ```
/// policy         | treasury 160 | feeConfigId 16 | protocolBps 16 | previousProtocolBps 16 | since 40 | paused 8 |
/// accounts[a]    | balance 128 | thawing 128 |  | thawReadyAt 40 |
/// signers[k]     | account 160 | role 8 | revokedAt 40 |
/// lanes[l]       | free 128 | thawReadyAt 40 | protocolBps 16 | opened 8 | vouchersUntil 40 |  | thawing 128 |
/// laneTotals[l][m] | cumulative 128 | royaltyBps 16 | royaltyReadAt 40 |
/// anchors[k]     | worker 160 | time 40 | blockNumber 40 |      (see `Anchors`)
/// earned[w]      | the worker's own 128 | the protocol's, accrued on its jobs 128 |
/// models[m]      | earned 128 | royaltyBps 16 | readAt 40 |
/// faults[f]      | 0 unless slashed, else 1 plus what it still costs |
/// ```
struct SettlementState {
    Policy policy;
    mapping(uint16 feeConfigId => FeeConfig) feeConfigs;
    mapping(address account => PayerAccount) accounts;
    mapping(address signer => Signer) signers;
    mapping(address signer => TreasurerCap) treasurerCaps;
    mapping(bytes32 laneId => Lane) lanes;
    mapping(bytes32 laneId => mapping(uint256 modelId => LaneTotal)) laneTotals;
    mapping(bytes32 anchorKey => Word) anchors;
    mapping(address worker => uint256) earned;
    mapping(uint256 modelId => ModelAccount) models;
    mapping(address payer => mapping(uint256 word => Word)) nonces;
    mapping(address payer => mapping(uint256 nonce => uint40)) cancelReadyAt;
    mapping(bytes32 faultKey => uint256) faults;
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {
    IGridSettlement,
    Lane,
    LaneTotal,
    PayerAccount,
    Signer,
    TreasurerCap
} from "../../contracts/interfaces/IGridSettlement.sol";
import {LaneConfig} from "../../contracts/libraries/GridMessages.sol";

/// @notice Rebuilds a settlement's books from its logs, and from nothing else.
contract SettlementReplay {
    struct Shares {
        uint128 toWorker;
        uint128 royalty;
        uint128 protocolFee;
    }

    struct Anchor {
        address worker;
        uint40 time;
        uint40 blockNumber;
    }

    address public immutable settlement;

    mapping(address => PayerAccount) public accounts;
    mapping(address => Signer) public signers;
    mapping(address => TreasurerCap) public caps;
    mapping(bytes32 => Lane) public lanes;
    mapping(bytes32 => address) public payerOf;
    mapping(bytes32 => mapping(uint256 => LaneTotal)) public totals;
    mapping(bytes32 => mapping(uint256 => Shares)) public shares;
    mapping(bytes32 => Anchor) public anchors;
    mapping(address => uint128) public earned;
    mapping(address => uint128) public protocolAccrued;
    mapping(uint256 => uint128) public modelEarned;
    mapping(address => mapping(uint256 => uint256)) public nonceWord;
    mapping(address => mapping(uint256 => uint40)) public cancelReadyAt;
    mapping(uint16 => uint16) public protocolBps;
    uint16 public feeConfigId;
    address public treasury;
    bool public paused;

    bytes32[] public anchorKeys;

    constructor(address settlement_) {
        settlement = settlement_;
    }

    /// @notice Takes in the logs of one block, the current one.
    function apply_(Vm.Log[] calldata logs) external {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == settlement) _apply(logs[i].topics, logs[i].data);
        }
    }

    function anchorKeysLength() external view returns (uint256) {
        return anchorKeys.length;
    }

    function anchorKey(bytes32 laneId, address payer, bytes32 root) public pure returns (bytes32) {
        return keccak256(abi.encode(laneId, payer, root));
    }

    function _apply(bytes32[] calldata topics, bytes calldata data) private {
        bytes32 topic = topics[0];
        if (_applyAdmin(topic, topics, data)) return;
        if (_applyAccount(topic, topics, data)) return;
        if (_applyKey(topic, topics, data)) return;
        if (_applyLane(topic, topics, data)) return;
        if (_applyPayment(topic, topics, data)) return;
        if (topic != IGridSettlement.SettlementFailed.selector && topic != IGridSettlement.EquivocationSlashed.selector)
        {
            revert("a log that nobody replays");
        }
    }

    function _applyAccount(bytes32 topic, bytes32[] calldata topics, bytes calldata data) private returns (bool) {
        PayerAccount storage account = accounts[_address(topics[1])];
        if (topic == IGridSettlement.Deposited.selector) {
            (, account.balance) = abi.decode(data, (uint128, uint128));
        } else if (topic == IGridSettlement.AccountThawStarted.selector) {
            (account.thawing, account.thawReadyAt) = abi.decode(data, (uint128, uint40));
        } else if (topic == IGridSettlement.AccountThawCancelled.selector) {
            (account.thawing, account.thawReadyAt) = (0, 0);
        } else if (topic == IGridSettlement.Withdrawn.selector) {
            (, account.balance) = abi.decode(data, (uint128, uint128));
            (account.thawing, account.thawReadyAt) = (0, 0);
        } else {
            return false;
        }
        return true;
    }

    function _applyKey(bytes32 topic, bytes32[] calldata topics, bytes calldata data) private returns (bool) {
        if (topic == IGridSettlement.SignerAdded.selector) {
            signers[_address(topics[3])] = Signer(_address(topics[1]), uint8(uint256(topics[2])), 0);
        } else if (topic == IGridSettlement.SignerRevoked.selector) {
            (signers[_address(topics[3])].revokedAt,) = abi.decode(data, (uint40, uint40));
        } else if (topic == IGridSettlement.TreasurerCapSet.selector) {
            caps[_address(topics[2])].cap = abi.decode(data, (uint128));
        } else if (topic == IGridSettlement.TreasurerSpent.selector) {
            TreasurerCap storage cap = caps[_address(topics[1])];
            (cap.spent, cap.windowStart) = abi.decode(data, (uint128, uint40));
        } else {
            return false;
        }
        return true;
    }

    function _applyLane(bytes32 topic, bytes32[] calldata topics, bytes calldata data) private returns (bool) {
        Lane storage lane = lanes[topics[1]];
        PayerAccount storage account = accounts[payerOf[topics[1]]];
        if (topic == IGridSettlement.LaneOpened.selector) {
            address payer = _address(topics[2]);
            payerOf[topics[1]] = payer;
            lane.opened = true;
            (, lane.protocolBps, lane.free, accounts[payer].balance) =
                abi.decode(data, (LaneConfig, uint16, uint128, uint128));
        } else if (topic == IGridSettlement.LaneToppedUp.selector) {
            (, lane.free, account.balance) = abi.decode(data, (uint128, uint128, uint128));
        } else if (topic == IGridSettlement.LaneThawStarted.selector) {
            (lane.thawing, lane.thawReadyAt,) = abi.decode(data, (uint128, uint40, uint40));
        } else if (topic == IGridSettlement.LaneThawCancelled.selector) {
            (lane.thawing, lane.thawReadyAt) = (0, 0);
        } else if (topic == IGridSettlement.LaneThawed.selector) {
            (, lane.free, account.balance) = abi.decode(data, (uint128, uint128, uint128));
            (lane.thawing, lane.thawReadyAt) = (0, 0);
        } else if (topic == IGridSettlement.LaneRoyaltyFrozen.selector) {
            LaneTotal storage total = totals[topics[1]][uint256(topics[2])];
            (total.royaltyBps, total.frozen) = (abi.decode(data, (uint16)), true);
        } else if (topic == IGridSettlement.LaneCollected.selector) {
            uint256 modelId = uint256(topics[3]);
            uint128[5] memory v = abi.decode(data, (uint128[5]));
            totals[topics[1]][modelId].cumulative = v[0];
            _credit(_address(topics[2]), modelId, v[1], v[2], v[3]);
            Shares storage share = shares[topics[1]][modelId];
            (share.toWorker, share.royalty, share.protocolFee) =
                (share.toWorker + v[1], share.royalty + v[2], share.protocolFee + v[3]);
            lane.free = v[4];
        } else if (topic == IGridSettlement.ReceiptsAnchored.selector) {
            (bytes32 root,) = abi.decode(data, (bytes32, uint32));
            _anchor(topics[1], payerOf[topics[1]], root, _address(topics[2]));
        } else {
            return false;
        }
        return true;
    }

    function _applyPayment(bytes32 topic, bytes32[] calldata topics, bytes calldata data) private returns (bool) {
        if (topic == IGridSettlement.OrderSettled.selector) {
            _applySettled(_address(topics[2]), _address(topics[3]), abi.decode(data, (uint256[10])));
        } else if (topic == IGridSettlement.OrderCancelAnnounced.selector) {
            (uint256 nonce, uint40 readyAt) = abi.decode(data, (uint256, uint40));
            cancelReadyAt[_address(topics[1])][nonce] = readyAt;
        } else if (topic == IGridSettlement.OrderCancelled.selector) {
            _useNonce(_address(topics[1]), abi.decode(data, (uint256)));
        } else if (topic == IGridSettlement.EarnedClaimed.selector) {
            (, earned[_address(topics[1])]) = abi.decode(data, (uint128, uint128));
        } else if (topic == IGridSettlement.EarnedMoved.selector) {
            (, earned[_address(topics[1])], accounts[_address(topics[2])].balance) =
                abi.decode(data, (uint128, uint128, uint128));
        } else if (topic == IGridSettlement.ModelRoyaltyClaimed.selector) {
            modelEarned[uint256(topics[1])] -= abi.decode(data, (uint128));
        } else if (topic == IGridSettlement.ProtocolSwept.selector) {
            protocolAccrued[_address(topics[1])] -= abi.decode(data, (uint128));
        } else {
            return false;
        }
        return true;
    }

    /// @dev Words: requester, modelId, nonce, root, receiptCount, anchored, toWorker, royalty, protocolFee, balance.
    function _applySettled(address payer, address worker, uint256[10] memory v) private {
        _useNonce(payer, v[2]);
        if (v[5] == 1) _anchor(0, payer, bytes32(v[3]), worker);
        _credit(worker, v[1], uint128(v[6]), uint128(v[7]), uint128(v[8]));
        accounts[payer].balance = uint128(v[9]);
    }

    function _applyAdmin(bytes32 topic, bytes32[] calldata topics, bytes calldata data) private returns (bool) {
        if (topic == IGridSettlement.FeeConfigAppended.selector) {
            feeConfigId = uint16(uint256(topics[1]));
            protocolBps[feeConfigId] = abi.decode(data, (uint16));
        } else if (topic == IGridSettlement.TreasurySet.selector) {
            treasury = _address(topics[1]);
        } else if (topic == IGridSettlement.Paused.selector) {
            paused = true;
        } else if (topic == IGridSettlement.Unpaused.selector) {
            paused = false;
        } else {
            return false;
        }
        return true;
    }

    function _credit(address worker, uint256 modelId, uint128 toWorker, uint128 royalty, uint128 fee) private {
        earned[worker] += toWorker;
        modelEarned[modelId] += royalty;
        protocolAccrued[worker] += fee;
    }

    function _anchor(bytes32 laneId, address payer, bytes32 root, address worker) private {
        bytes32 key = anchorKey(laneId, payer, root);
        require(anchors[key].worker == address(0), "anchored twice");
        anchors[key] = Anchor(worker, uint40(block.timestamp), uint40(block.number));
        anchorKeys.push(key);
    }

    function _useNonce(address payer, uint256 nonce) private {
        require(nonceWord[payer][nonce / 256] & (1 << (nonce % 256)) == 0, "a nonce used twice");
        nonceWord[payer][nonce / 256] |= 1 << (nonce % 256);
    }

    function _address(bytes32 topic) private pure returns (address) {
        return address(uint160(uint256(topic)));
    }
}

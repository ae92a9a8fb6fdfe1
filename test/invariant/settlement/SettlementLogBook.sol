// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

import {GridSettlement} from "../../../contracts/GridSettlement.sol";
import {
    FeeConfig,
    IGridSettlement,
    Lane,
    LaneTotal,
    PayerAccount,
    Signer,
    TreasurerCap
} from "../../../contracts/interfaces/IGridSettlement.sol";
import {LaneConfig} from "../../../contracts/messages/GridMessages.sol";
import {RegistryLogBook} from "../registry/RegistryLogBook.sol";

/// @notice All state of a settlement, told by its logs alone: what an indexer has after any history.
/// @dev Logs come with the time and the number of their block, as everywhere. `check` compares everything ever mentioned.
contract SettlementLogBook is RegistryLogBook {
    struct LaneModel {
        bytes32 laneId;
        uint256 modelId;
    }

    struct AnchorKey {
        bytes32 laneId;
        address payer;
        bytes32 root;
    }

    struct Nonce {
        address payer;
        uint256 nonce;
    }

    struct Fault {
        address worker;
        bytes32 orderHash;
        uint32 index;
    }

    address public settlementAddress;

    mapping(address => PayerAccount) private _accounts;
    mapping(address => Signer) private _signers;
    mapping(address => TreasurerCap) private _caps;
    mapping(bytes32 => Lane) private _lanes;
    mapping(bytes32 => address) private _payerOf;
    mapping(bytes32 => mapping(uint256 => LaneTotal)) private _totals;
    mapping(bytes32 => uint256[3]) private _anchors;
    /// @dev Payer of a root of the direct rail, and encoded worker and number of receipts of an anchor that waits.
    mapping(bytes32 => address) private _payerOfRoot;
    mapping(bytes32 => bytes) private _waiting;
    mapping(address => uint128) private _earned;
    mapping(address => uint128) private _accrued;
    mapping(uint256 => uint128) private _royalties;
    /// @dev Encoded rate of a model on the direct rail, and when it was read.
    mapping(uint256 => bytes) private _rates;
    uint256[] private _ratesSeen;
    mapping(address => mapping(uint256 => bool)) private _used;
    mapping(address => mapping(uint256 => uint256)) private _words;
    mapping(address => mapping(uint256 => uint40)) private _cancels;
    mapping(uint16 => FeeConfig) private _feeConfigs;
    uint16 private _feeConfigId;
    address private _treasury;
    bool private _paused;

    /// @notice Credits of a lane for a model, summed over `LaneCollected`: worker, royalty, protocol.
    mapping(bytes32 => mapping(uint256 => uint256[3])) public creditsOf;

    /// @dev What is in the lists below: each thing once, so that a comparison doesn't grow with the history.
    mapping(bytes32 => bool) private _listed;
    address[] private _accountsSeen;
    address[] private _signersSeen;
    bytes32[] private _lanesSeen;
    LaneModel[] private _totalsSeen;
    AnchorKey[] private _anchorsSeen;
    AnchorKey[] private _directSeen;
    address[] private _workersSeen;
    uint256[] private _modelsSeen;
    Nonce[] private _noncesSeen;
    Nonce[] private _cancelsSeen;
    Fault[] private _faultsSeen;

    function lanesSeen() external view returns (bytes32[] memory) {
        return _lanesSeen;
    }

    function totalsSeen() external view returns (LaneModel[] memory) {
        return _totalsSeen;
    }

    function laneOf(bytes32 laneId) external view returns (Lane memory) {
        return _lanes[laneId];
    }

    // ---------------------------------------------------------------- replay

    /// @dev The first log of all says where the settlement is.
    function replay(Vm.Log[] calldata logs) external {
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].emitter == registryAddress) _replayRegistry(logs[i]);
            else if (logs[i].emitter == settlementAddress) _replaySettlement(logs[i]);
        }
    }

    function watch(address settlement_, address registry_) external {
        settlementAddress = settlement_;
        registryAddress = registry_;
    }

    function _replaySettlement(Vm.Log calldata log) private {
        if (_isAccount(log) || _isKey(log) || _isLane(log) || _isPayment(log) || _isRest(log)) return;
        if (log.topics[0] == IGridSettlement.SettlementFailed.selector) return; // nothing happened
        if (log.topics[0] == AUTHORITY_UPDATED) return;
        revert UnknownLog(log.topics[0]);
    }

    function _isAccount(Vm.Log calldata log) private returns (bool) {
        bytes32 topic = log.topics[0];
        PayerAccount storage account = _accounts[_address(log, 1)];
        if (topic == IGridSettlement.Deposited.selector) {
            (, account.balance) = abi.decode(log.data, (uint128, uint128));
        } else if (topic == IGridSettlement.AccountThawStarted.selector) {
            (account.thawing, account.thawReadyAt) = abi.decode(log.data, (uint128, uint40));
        } else if (topic == IGridSettlement.AccountThawCancelled.selector) {
            account.thawing = 0;
            account.thawReadyAt = 0;
        } else if (topic == IGridSettlement.Withdrawn.selector) {
            (, account.balance) = abi.decode(log.data, (uint128, uint128));
            account.thawing = 0;
            account.thawReadyAt = 0;
        } else {
            return false;
        }
        _see(_accountsSeen, _address(log, 1));
        return true;
    }

    function _isKey(Vm.Log calldata log) private returns (bool) {
        bytes32 topic = log.topics[0];
        if (topic == IGridSettlement.SignerAdded.selector) {
            address signer = _address(log, 3);
            _signers[signer] = Signer({account: _address(log, 1), role: uint8(uint256(log.topics[2])), revokedAt: 0});
            _see(_signersSeen, signer);
        } else if (topic == IGridSettlement.SignerRevoked.selector) {
            (_signers[_address(log, 3)].revokedAt,) = abi.decode(log.data, (uint40, uint40));
        } else if (topic == IGridSettlement.TreasurerCapSet.selector) {
            _caps[_address(log, 2)].cap = abi.decode(log.data, (uint128));
        } else if (topic == IGridSettlement.TreasurerSpent.selector) {
            (_caps[_address(log, 1)].spent, _caps[_address(log, 1)].windowStart) =
                abi.decode(log.data, (uint128, uint40));
        } else {
            return false;
        }
        return true;
    }

    function _isLane(Vm.Log calldata log) private returns (bool) {
        bytes32 topic = log.topics[0];
        if (topic == IGridSettlement.LaneOpened.selector) {
            _opened(log);
            return true;
        }
        Lane storage lane = _lanes[_word(log, 1)];
        if (topic == IGridSettlement.LaneToppedUp.selector) {
            (, lane.free, _accounts[_address(log, 2)].balance) = abi.decode(log.data, (uint128, uint128, uint128));
        } else if (topic == IGridSettlement.LaneThawStarted.selector) {
            (lane.thawing, lane.thawReadyAt,, lane.vouchersUntil) =
                abi.decode(log.data, (uint128, uint40, uint40, uint40));
        } else if (topic == IGridSettlement.LaneThawCancelled.selector) {
            lane.thawing = 0;
            lane.thawReadyAt = 0;
        } else if (topic == IGridSettlement.LaneThawed.selector) {
            (, lane.free, _accounts[_address(log, 2)].balance) = abi.decode(log.data, (uint128, uint128, uint128));
            lane.thawing = 0;
            lane.thawReadyAt = 0;
        } else {
            return false;
        }
        return true;
    }

    function _opened(Vm.Log calldata log) private {
        (LaneConfig memory config, uint16 protocolBps, uint128 amount, uint128 balance) =
            abi.decode(log.data, (LaneConfig, uint16, uint128, uint128));
        require(config.payer == _address(log, 2) && config.worker == _address(log, 3), "topics of LaneOpened");
        bytes32 laneId = _word(log, 1);
        require(!_lanes[laneId].opened, "a lane was opened twice");
        _lanes[laneId].opened = true;
        _payerOf[laneId] = config.payer;
        _lanes[laneId].free = amount;
        _lanes[laneId].protocolBps = protocolBps;
        _accounts[config.payer].balance = balance;
        _lanesSeen.push(laneId);
        _see(_accountsSeen, config.payer);
    }

    function _isPayment(Vm.Log calldata log) private returns (bool) {
        bytes32 topic = log.topics[0];
        if (topic == IGridSettlement.LaneRoyaltyFrozen.selector) {
            LaneTotal storage total = _totals[_word(log, 1)][uint256(_word(log, 2))];
            total.royaltyReadAt = uint40(block.timestamp);
            total.royaltyBps = abi.decode(log.data, (uint16));
        } else if (topic == IGridSettlement.ModelRoyaltyRead.selector) {
            uint256 modelId = uint256(log.topics[1]);
            if (_rates[modelId].length == 0) _ratesSeen.push(modelId);
            _rates[modelId] = abi.encode(abi.decode(log.data, (uint16)), block.timestamp);
        } else if (topic == IGridSettlement.LaneCollected.selector) {
            _collected(log);
        } else if (topic == IGridSettlement.ReceiptsAnchored.selector) {
            _receiptsAnchored(log);
        } else if (topic == IGridSettlement.OrderSettled.selector) {
            _settled(log);
        } else {
            return false;
        }
        return true;
    }

    function _collected(Vm.Log calldata log) private {
        bytes32 laneId = _word(log, 1);
        uint256 modelId = uint256(_word(log, 3));
        (uint128 cumulative, uint128 toWorker, uint128 royalty, uint128 protocolFee, uint128 free) =
            abi.decode(log.data, (uint128, uint128, uint128, uint128, uint128));
        _totals[laneId][modelId].cumulative = cumulative;
        _lanes[laneId].free = free;
        _credit(_address(log, 2), modelId, toWorker, royalty, protocolFee);
        uint256[3] storage credits = creditsOf[laneId][modelId];
        credits[0] += toWorker;
        credits[1] += royalty;
        credits[2] += protocolFee;
        if (_isNew(keccak256(abi.encode("total", laneId, modelId)))) _totalsSeen.push(LaneModel(laneId, modelId));
    }

    function _settled(Vm.Log calldata log) private {
        (, uint256 modelId, uint256 nonce,,,) = abi.decode(log.data, (address, uint256, uint256, bytes32, uint32, bool));
        (uint128 toWorker, uint128 royalty, uint128 protocolFee, uint128 balance) =
            abi.decode(log.data[192:], (uint128, uint128, uint128, uint128));
        address payer = _address(log, 2);
        _credit(_address(log, 3), modelId, toWorker, royalty, protocolFee);
        _accounts[payer].balance = balance;
        _use(payer, nonce);
        _settledRoot(payer, _address(log, 3), log.data);
    }

    function _settledRoot(address payer, address worker, bytes calldata data) private {
        (,,, bytes32 root, uint32 receiptCount, bool anchored) =
            abi.decode(data, (address, uint256, uint256, bytes32, uint32, bool));
        require(_payerOfRoot[root] == address(0), "a root was settled twice");
        _payerOfRoot[root] = payer;
        _directSeen.push(AnchorKey(0, payer, root));
        if (anchored) _anchored(0, payer, root, worker);
        else _waiting[root] = abi.encode(worker, receiptCount);
    }

    /// @dev By a voucher; or, with lane 0, by whoever confirmed an anchor that waited.
    function _receiptsAnchored(Vm.Log calldata log) private {
        bytes32 laneId = _word(log, 1);
        address worker = _address(log, 2);
        (bytes32 root, uint32 receiptCount) = abi.decode(log.data, (bytes32, uint32));
        if (laneId == 0) {
            _same(abi.encode(worker, receiptCount), _waiting[root], "a root was confirmed that didn't wait");
            delete _waiting[root];
        }
        _anchored(laneId, laneId == 0 ? _payerOfRoot[root] : _payerOf[laneId], root, worker);
    }

    function _credit(address worker, uint256 modelId, uint128 toWorker, uint128 royalty, uint128 protocolFee) private {
        _earned[worker] += toWorker;
        _accrued[worker] += protocolFee;
        _royalties[modelId] += royalty;
        _see(_workersSeen, worker);
        if (_isNew(keccak256(abi.encode("model", modelId)))) _modelsSeen.push(modelId);
    }

    function _anchored(bytes32 laneId, address payer, bytes32 root, address worker) private {
        uint256[3] storage anchor = _anchors[keccak256(abi.encode(laneId, payer, root))];
        require(anchor[0] == 0, "a root was anchored twice");
        anchor[0] = uint160(worker);
        anchor[1] = block.timestamp;
        anchor[2] = block.number;
        _anchorsSeen.push(AnchorKey(laneId, payer, root));
    }

    function _isRest(Vm.Log calldata log) private returns (bool) {
        return _isPayout(log) || _isCancel(log) || _isAdmin(log);
    }

    function _isPayout(Vm.Log calldata log) private returns (bool) {
        bytes32 topic = log.topics[0];
        if (topic == IGridSettlement.EarnedClaimed.selector) {
            (, _earned[_address(log, 1)]) = abi.decode(log.data, (uint128, uint128));
        } else if (topic == IGridSettlement.EarnedMoved.selector) {
            (, _earned[_address(log, 1)], _accounts[_address(log, 2)].balance) =
                abi.decode(log.data, (uint128, uint128, uint128));
            _see(_accountsSeen, _address(log, 2));
        } else if (topic == IGridSettlement.ModelRoyaltyClaimed.selector) {
            _royalties[uint256(_word(log, 1))] -= abi.decode(log.data, (uint128));
        } else if (topic == IGridSettlement.ProtocolSwept.selector) {
            _accrued[_address(log, 1)] -= abi.decode(log.data, (uint128));
        } else {
            return false;
        }
        return true;
    }

    function _isCancel(Vm.Log calldata log) private returns (bool) {
        bytes32 topic = log.topics[0];
        if (topic == IGridSettlement.OrderCancelAnnounced.selector) {
            (uint256 nonce, uint40 readyAt) = abi.decode(log.data, (uint256, uint40));
            _cancels[_address(log, 1)][nonce] = readyAt;
            if (_isNew(keccak256(abi.encode("cancel", log.topics[1], nonce)))) {
                _cancelsSeen.push(Nonce(_address(log, 1), nonce));
            }
        } else if (topic == IGridSettlement.OrderCancelled.selector) {
            _use(_address(log, 1), abi.decode(log.data, (uint256)));
        } else if (topic == IGridSettlement.EquivocationSlashed.selector) {
            (uint32 index,,,) = abi.decode(log.data, (uint32, bytes32, bytes32, uint128));
            _faultsSeen.push(Fault(_address(log, 1), _word(log, 3), index));
        } else {
            return false;
        }
        return true;
    }

    function _use(address payer, uint256 nonce) private {
        require(!_used[payer][nonce], "a nonce was used twice");
        _used[payer][nonce] = true;
        _words[payer][nonce >> 8] |= 1 << (nonce & 0xff);
        _noncesSeen.push(Nonce(payer, nonce));
    }

    function _see(address[] storage list, address who) private {
        uint256 slot;
        assembly ("memory-safe") {
            slot := list.slot
        }
        if (_isNew(keccak256(abi.encode(slot, who)))) list.push(who);
    }

    function _isNew(bytes32 key) private returns (bool) {
        if (_listed[key]) return false;
        _listed[key] = true;
        return true;
    }

    function _isAdmin(Vm.Log calldata log) private returns (bool) {
        bytes32 topic = log.topics[0];
        if (topic == IGridSettlement.FeeConfigAppended.selector) {
            _feeConfigId = uint16(uint256(log.topics[1]));
            _feeConfigs[_feeConfigId] =
                FeeConfig({protocolBps: abi.decode(log.data, (uint16)), since: uint40(block.timestamp)});
        } else if (topic == IGridSettlement.TreasurySet.selector) {
            _treasury = _address(log, 1);
        } else if (topic == IGridSettlement.Paused.selector) {
            _paused = true;
        } else if (topic == IGridSettlement.Unpaused.selector) {
            _paused = false;
        } else {
            return false;
        }
        return true;
    }

    // ---------------------------------------------------------------- comparison

    /// @notice Fails where a view says anything else than the logs.
    function check() external view {
        GridSettlement settlement = GridSettlement(settlementAddress);
        _checkAccounts(settlement);
        _checkLanes(settlement);
        _checkAnchors(settlement);
        _checkWaiting(settlement);
        _checkRates(settlement);
        _checkEarnings(settlement);
        _checkNonces(settlement);
        _checkAdmin(settlement);
        _checkRegistry();
    }

    function _checkAccounts(GridSettlement settlement) private view {
        for (uint256 i; i < _accountsSeen.length; ++i) {
            address who = _accountsSeen[i];
            _same(abi.encode(settlement.accountOf(who)), abi.encode(_accounts[who]), "logs: account");
        }
        for (uint256 i; i < _signersSeen.length; ++i) {
            address key = _signersSeen[i];
            _same(abi.encode(settlement.signerOf(key)), abi.encode(_signers[key]), "logs: signer");
            _same(abi.encode(settlement.treasurerCapOf(key)), abi.encode(_caps[key]), "logs: treasurer");
        }
    }

    function _checkLanes(GridSettlement settlement) private view {
        for (uint256 i; i < _lanesSeen.length; ++i) {
            bytes32 id = _lanesSeen[i];
            _same(abi.encode(settlement.laneOf(id)), abi.encode(_lanes[id]), "logs: lane");
        }
        for (uint256 i; i < _totalsSeen.length; ++i) {
            LaneModel memory key = _totalsSeen[i];
            _same(
                abi.encode(settlement.laneTotalOf(key.laneId, key.modelId)),
                abi.encode(_totals[key.laneId][key.modelId]),
                "lane total"
            );
        }
    }

    function _checkAnchors(GridSettlement settlement) private view {
        for (uint256 i; i < _anchorsSeen.length; ++i) {
            AnchorKey memory key = _anchorsSeen[i];
            (address worker, uint40 time, uint40 blockNumber) = settlement.anchorOf(key.laneId, key.payer, key.root);
            uint256[3] memory anchor = [uint256(uint160(worker)), time, blockNumber];
            _same(
                abi.encode(anchor),
                abi.encode(_anchors[keccak256(abi.encode(key.laneId, key.payer, key.root))]),
                "anchor"
            );
        }
    }

    function _checkWaiting(GridSettlement settlement) private view {
        for (uint256 i; i < _directSeen.length; ++i) {
            AnchorKey memory key = _directSeen[i];
            (address worker, uint32 receiptCount) = settlement.waitingAnchorOf(key.payer, key.root);
            bytes memory expected = _waiting[key.root];
            if (expected.length == 0) expected = abi.encode(address(0), uint32(0));
            _same(abi.encode(worker, receiptCount), expected, "logs: waiting anchor");
            if (worker == address(0)) continue;
            (address by, uint40 time, uint40 blockNumber) = settlement.anchorOf(0, key.payer, key.root);
            _same(abi.encode(by, time, blockNumber), abi.encode(0, 0, 0), "logs: anchor that waits");
        }
    }

    function _checkRates(GridSettlement settlement) private view {
        for (uint256 i; i < _ratesSeen.length; ++i) {
            (uint16 royaltyBps, uint40 readAt) = settlement.modelRoyaltyOf(_ratesSeen[i]);
            _same(abi.encode(royaltyBps, readAt), _rates[_ratesSeen[i]], "logs: rate");
        }
    }

    function _checkEarnings(GridSettlement settlement) private view {
        for (uint256 i; i < _workersSeen.length; ++i) {
            address worker = _workersSeen[i];
            assertEq(settlement.earnedOf(worker), _earned[worker], "logs: earned");
            assertEq(settlement.protocolAccruedOf(worker), _accrued[worker], "logs: accrued");
        }
        for (uint256 i; i < _modelsSeen.length; ++i) {
            assertEq(settlement.modelEarnedOf(_modelsSeen[i]), _royalties[_modelsSeen[i]], "logs: royalties");
        }
    }

    function _checkNonces(GridSettlement settlement) private view {
        for (uint256 i; i < _noncesSeen.length; ++i) {
            Nonce memory key = _noncesSeen[i];
            assertEq(settlement.isNonceUsed(key.payer, key.nonce), _used[key.payer][key.nonce], "logs: nonce");
            assertEq(
                settlement.nonceWordOf(key.payer, key.nonce >> 8), _words[key.payer][key.nonce >> 8], "logs: nonces"
            );
        }
        for (uint256 i; i < _cancelsSeen.length; ++i) {
            Nonce memory key = _cancelsSeen[i];
            assertEq(settlement.cancelReadyAt(key.payer, key.nonce), _cancels[key.payer][key.nonce], "logs: cancel");
        }
        for (uint256 i; i < _faultsSeen.length; ++i) {
            Fault memory fault = _faultsSeen[i];
            assertTrue(settlement.isSlashed(fault.worker, fault.orderHash, fault.index), "logs: fault");
        }
    }

    function _checkAdmin(GridSettlement settlement) private view {
        assertEq(settlement.currentFeeConfigId(), _feeConfigId, "logs: fee config");
        for (uint16 i = 0; i <= _feeConfigId + 1; ++i) {
            _same(abi.encode(settlement.feeConfigOf(i)), abi.encode(_feeConfigs[i]), "logs: fee config");
        }
        assertEq(settlement.treasury(), _treasury, "logs: treasury");
        assertEq(settlement.paused(), _paused, "logs: paused");
    }
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {GridSettlement} from "../../../contracts/GridSettlement.sol";
import {AIPG} from "../../../contracts/dev/AIPG.sol";
import {IWorkerRegistry} from "../../../contracts/interfaces/IWorkerRegistry.sol";
import {GridMessages, LaneConfig} from "../../../contracts/messages/GridMessages.sol";
import {SplitMath} from "../../../contracts/settlement/SplitMath.sol";
import {HostileModels} from "./HostileModels.sol";

/// @notice A lane and what a bystander counted of it.
/// @param funded AIPG wei that went in.
/// @param collected AIPG wei paid by vouchers.
/// @param returned AIPG wei thawed.
struct LaneRecord {
    LaneConfig config;
    bytes32 id;
    uint256 funded;
    uint256 collected;
    uint256 returned;
}

/// @notice A signed voucher.
/// @param lane Index of its lane.
/// @param voucher ABI-encoded.
/// @param signature By the lane's payerSigner.
/// @param accepted Its worker could rely on it when it was signed, and nothing has ended that since.
struct Paper {
    uint256 lane;
    bytes voucher;
    bytes signature;
    bool accepted;
}

/// @notice Credits of a lane for a model: those of the periods that are over, and the period at hand.
/// @param credits Worker's, model's and protocol's, AIPG wei.
/// @param start The total with which the period began.
/// @param rate Royalty of the period, basis points.
/// @param keptRate As the lane last read it.
/// @param readAt When, Unix seconds.
struct Period {
    uint256[3] credits;
    uint256 start;
    uint256 rate;
    uint256 keptRate;
    uint256 readAt;
}

/// @notice A fault that was slashed.
/// @param price What its first report said it costs.
/// @param paid What its reports took.
struct FaultRecord {
    uint256 price;
    uint256 paid;
}

/// @notice An anchor, as first seen.
struct AnchorRecord {
    bytes32 laneId;
    address payer;
    bytes32 root;
    address worker;
    uint40 time;
    uint40 blockNumber;
}

/// @notice An anchor of the direct rail that waited for its worker's bond, as the handlers saw it.
/// @param count Number of receipts under the root.
/// @param confirmed Whether somebody confirmed it; it is among the anchors then.
struct WaitingRecord {
    address payer;
    bytes32 root;
    address worker;
    uint32 count;
    bool confirmed;
}

/// @notice A direct order whose receipts were all delivered and signed.
/// @param count Number of receipts.
/// @param paid Number of receipts it was settled with; 0 while it isn't.
/// @param ended Whether its worker itself settled, or closed, it with fewer.
/// @param paidMaxPrice Whether it cost its payer the whole `maxPrice`.
/// @param closed Positions its worker closed it with, as bits; 0 when it signed no closing. A worker signs one at most.
struct OrderRecord {
    uint32 count;
    uint32 paid;
    bool ended;
    bool paidMaxPrice;
    uint256 closed;
}

/// @notice What the handlers share: the people, the clock, all paper ever signed, and ghost accounting.
contract SettlementStore {
    uint256 public constant MODEL_COUNT = 4;

    GridSettlement public immutable settlement;
    IWorkerRegistry public immutable registry;
    AIPG public immutable aipg;
    HostileModels public immutable models;

    uint256 public time = 1_800_000_000;
    uint256 public blockNumber = 30_000_000;

    address[] private _payers;
    address[] private _workers;
    address[] private _hotKeys;
    mapping(address => uint256) public keyOf;

    LaneRecord[] private _lanes;
    Paper[] private _papers;
    bytes[] private _items;
    AnchorRecord[] private _anchors;
    WaitingRecord[] private _waiting;
    bytes32[] private _orders;
    mapping(bytes32 orderHash => OrderRecord) private _orderRecords;
    mapping(bytes32 root => bytes32[]) private _receiptsOfRoot;
    mapping(bytes32 receiptId => bool) private _isListed;

    /// @dev What the worker of a lane has accepted so far; a later voucher builds on it.
    mapping(uint256 lane => mapping(uint256 modelId => uint128)) public accepted;
    mapping(uint256 lane => mapping(uint256 modelId => uint128)) public highest;
    mapping(address payer => mapping(uint256 nonce => uint256)) public settledTimes;
    mapping(bytes32 receiptId => uint256) public creditedTimes;
    mapping(uint256 lane => mapping(uint256 modelId => Period)) private _periods;
    /// @dev End of the last thaw that began in a revoked payerSigner's own time.
    mapping(uint256 lane => uint256) public prolongedUntil;
    mapping(bytes32 faultKey => FaultRecord) private _faults;
    mapping(address key => bool) public everAdded;
    mapping(address key => uint256) public revokedAt;
    uint256 public nextSpareKey;
    uint256 public dyingLanes;
    uint256 public lastRevokedAt;
    address public lastRevokedKey;
    mapping(address key => uint256) public windowStart;
    mapping(address key => uint256) public windowSpent;
    uint256 public donated;
    uint256 public donatedToRegistry;

    mapping(uint256 invariant => string) public violation;
    mapping(bytes32 name => uint256) public successes;

    constructor(GridSettlement settlement_, AIPG aipg_, HostileModels models_) {
        settlement = settlement_;
        registry = settlement_.registry();
        aipg = aipg_;
        models = models_;
    }

    // ---------------------------------------------------------------- people and time

    function addPayer(address who, uint256 key) external {
        _payers.push(who);
        keyOf[who] = key;
    }

    function addWorker(address who, uint256 key) external {
        _workers.push(who);
        keyOf[who] = key;
    }

    function addHotKey(address who, uint256 key) external {
        _hotKeys.push(who);
        keyOf[who] = key;
    }

    function addSpareKey(address who, uint256 key) external {
        ++nextSpareKey;
        keyOf[who] = key;
        everAdded[who] = true;
    }

    function payer(uint256 seed) external view returns (address) {
        return _payers[seed % _payers.length];
    }

    function worker(uint256 seed) external view returns (address) {
        return _workers[seed % _workers.length];
    }

    function hotKey(uint256 seed) external view returns (address) {
        return _hotKeys[seed % _hotKeys.length];
    }

    function payers() external view returns (address[] memory) {
        return _payers;
    }

    function workers() external view returns (address[] memory) {
        return _workers;
    }

    function hotKeys() external view returns (address[] memory) {
        return _hotKeys;
    }

    function setTime(uint256 time_) external {
        if (time_ <= time) return;
        blockNumber += 1 + (time_ - time) / 2;
        time = time_;
    }

    // ---------------------------------------------------------------- lanes and vouchers

    function addLane(LaneConfig calldata config, bytes32 id, uint256 amount) external {
        _lanes.push(LaneRecord({config: config, id: id, funded: amount, collected: 0, returned: 0}));
    }

    function addDyingLane(LaneConfig calldata config, bytes32 id, uint256 amount) external {
        ++dyingLanes;
        _lanes.push(LaneRecord({config: config, id: id, funded: amount, collected: 0, returned: 0}));
    }

    function lane(uint256 index) external view returns (LaneRecord memory) {
        return _lanes[index];
    }

    function laneCount() external view returns (uint256) {
        return _lanes.length;
    }

    function funded(uint256 index, uint256 amount) external {
        _lanes[index].funded += amount;
    }

    function collected(uint256 index, uint256 amount) external {
        _lanes[index].collected += amount;
    }

    function returned(uint256 index, uint256 amount) external {
        _lanes[index].returned += amount;
        if (amount != 0) forfeit(index);
    }

    function accept(uint256 lane_, uint256 modelId, uint128 cumulative) external {
        if (cumulative > accepted[lane_][modelId]) accepted[lane_][modelId] = cumulative;
    }

    function sawTotal(uint256 lane_, uint256 modelId, uint128 cumulative) external {
        if (cumulative < highest[lane_][modelId]) violate(3, "a total fell");
        highest[lane_][modelId] = cumulative;
    }

    function addPaper(Paper calldata paper_) external {
        _papers.push(paper_);
    }

    function paper(uint256 index) external view returns (Paper memory) {
        return _papers[index];
    }

    function paperLane(uint256 index) external view returns (uint256) {
        return _papers[index].lane;
    }

    function isAccepted(uint256 index) external view returns (bool) {
        return _papers[index].accepted;
    }

    function paperCount() external view returns (uint256) {
        return _papers.length;
    }

    /// @dev The worker took paper it knew to be more than the lane holds, or it let a thaw be finalised: nothing is
    /// promised to it any more.
    function forfeit(uint256 lane_) public {
        for (uint256 i; i < _papers.length; ++i) {
            if (_papers[i].lane == lane_) _papers[i].accepted = false;
        }
    }

    /// @dev A thaw began at this moment.
    function thawed(uint256 lane_) external {
        LaneConfig memory config = _lanes[lane_].config;
        uint256 revoked = config.payerSigner == config.payer ? 0 : revokedAt[config.payerSigner];
        if (revoked != 0 && time <= revoked + config.thawDelay) prolongedUntil[lane_] = time + config.thawDelay;
    }

    /// @notice Last second in which the lane's vouchers count.
    function vouchersEnd(uint256 lane_) public view returns (uint256 end) {
        LaneConfig memory config = _lanes[lane_].config;
        uint256 revoked = config.payerSigner == config.payer ? 0 : revokedAt[config.payerSigner];
        if (revoked == 0) return type(uint256).max;
        end = revoked + config.thawDelay;
        if (prolongedUntil[lane_] > end) end = prolongedUntil[lane_];
    }

    // ---------------------------------------------------------------- splits

    /// @dev A collect took the total from `before` to `cumulative`; `known` and `bps` are AIGC's answer at that moment.
    /// A period is split once, however many collects it had.
    function grew(uint256 lane_, uint256 modelId, uint256 before, uint256 cumulative, bool known, uint256 bps)
        external
    {
        if (cumulative == before) return;
        Period storage period = _periods[lane_][modelId];
        bool hop = _lanes[lane_].config.kind == GridMessages.LANE_HOP;
        uint256 rate = period.keptRate;
        if (!hop && (period.readAt == 0 || time >= period.readAt + 90 days)) {
            rate = known ? bps : 0;
            if (known) (period.keptRate, period.readAt) = (bps, time);
            if (before != 0) succeeded(known ? bytes32("rateReadAnew") : bytes32("rateFailed"));
        }
        if (rate == period.rate) return;
        period.credits = _credits(lane_, period, before);
        period.start = before;
        period.rate = rate;
    }

    /// @notice Shares of worker, model and protocol in a lane's total for a model, by the rule.
    function creditsOf(uint256 lane_, uint256 modelId, uint256 cumulative) external view returns (uint256[3] memory) {
        return _credits(lane_, _periods[lane_][modelId], cumulative);
    }

    function _credits(uint256 lane_, Period memory period, uint256 cumulative)
        private
        view
        returns (uint256[3] memory credits)
    {
        uint256 protocolBps = settlement.laneOf(_lanes[lane_].id).protocolBps;
        (uint256 a, uint256 b, uint256 c) = SplitMath.split(cumulative, protocolBps, period.rate);
        (uint256 x, uint256 y, uint256 z) = SplitMath.split(period.start, protocolBps, period.rate);
        credits[0] = period.credits[0] + a - x;
        credits[1] = period.credits[1] + b - y;
        credits[2] = period.credits[2] + c - z;
    }

    function readAt(uint256 lane_, uint256 modelId) external view returns (uint256) {
        return _periods[lane_][modelId].readAt;
    }

    // ---------------------------------------------------------------- faults

    /// @dev A report took `amount` from a stake of `stake`. `peak` is what a fault costs at this moment.
    function faultSlashed(bytes32 faultKey, uint256 amount, uint256 stake, uint256 peak) external {
        FaultRecord storage fault = _faults[faultKey];
        if (fault.price == 0) fault.price = peak;
        if (fault.paid == fault.price) violate(4, "one fault was slashed twice");
        uint256 owed = fault.price - fault.paid;
        if (amount != (owed < stake ? owed : stake)) violate(11, "slashed by another amount");
        fault.paid += amount;
    }

    /// @dev Price that a fault still has, if it costs `peak` in all when it wasn't reported before.
    function owedFor(bytes32 faultKey, uint256 peak) external view returns (uint256) {
        FaultRecord memory fault = _faults[faultKey];
        return fault.price == 0 ? peak : fault.price - fault.paid;
    }

    // ---------------------------------------------------------------- anchors and orders

    function addAnchor(AnchorRecord calldata anchor) external {
        _anchors.push(anchor);
    }

    function addReceiptOfRoot(bytes32 root, bytes32 receiptId) external {
        if (_isListed[receiptId]) return; // the very same order signed again is the same receipt under the same root
        _isListed[receiptId] = true;
        _receiptsOfRoot[root].push(receiptId);
    }

    /// @dev A voucher credits the receipts under its root when it anchors them.
    function creditRoot(bytes32 root) external {
        for (uint256 i; i < _receiptsOfRoot[root].length; ++i) {
            credited(_receiptsOfRoot[root][i]);
        }
    }

    function anchors() external view returns (AnchorRecord[] memory) {
        return _anchors;
    }

    function addWaiting(WaitingRecord calldata record) external {
        _waiting.push(record);
    }

    function confirmed(uint256 index) external {
        if (_waiting[index].confirmed) violate(3, "an anchor was confirmed twice");
        _waiting[index].confirmed = true;
    }

    function waiting() external view returns (WaitingRecord[] memory) {
        return _waiting;
    }

    function setOrder(bytes32 orderHash, OrderRecord calldata record) external {
        if (_orderRecords[orderHash].count == 0) _orders.push(orderHash);
        _orderRecords[orderHash] = record;
    }

    function orderOf(bytes32 orderHash) external view returns (OrderRecord memory) {
        return _orderRecords[orderHash];
    }

    /// @dev Orders that were settled with some of their receipts, by nobody who may.
    function cutShort() external view returns (uint256 orders) {
        for (uint256 i; i < _orders.length; ++i) {
            OrderRecord storage record = _orderRecords[_orders[i]];
            if (record.paid == 0 || record.paid == record.count || record.ended || record.paidMaxPrice) continue;
            ++orders;
        }
    }

    function addItem(bytes calldata item_) external {
        _items.push(item_);
    }

    function item(uint256 index) external view returns (bytes memory) {
        return _items[index];
    }

    function itemCount() external view returns (uint256) {
        return _items.length;
    }

    function settled(address payer_, uint256 nonce) external {
        if (++settledTimes[payer_][nonce] > 1) violate(4, "a nonce settled twice");
    }

    function credited(bytes32 receiptId) public {
        if (++creditedTimes[receiptId] > 1) violate(4, "a receipt was credited twice");
    }

    // ---------------------------------------------------------------- keys and gifts

    function keyAdded(address key) external {
        if (everAdded[key]) violate(8, "a key was registered twice");
        everAdded[key] = true;
    }

    function keyRevoked(address key) external {
        revokedAt[key] = time;
        lastRevokedAt = time;
        lastRevokedKey = key;
    }

    function treasurerSpent(address key, uint256 amount, uint256 cap) external {
        if (time >= windowStart[key] + 1 days) {
            windowStart[key] = time;
            windowSpent[key] = 0;
        }
        windowSpent[key] += amount;
        if (windowSpent[key] > cap) violate(7, "a treasurer exceeded its cap");
    }

    function gave(uint256 amount) external {
        donated += amount;
    }

    function gaveToRegistry(uint256 amount) external {
        donatedToRegistry += amount;
    }

    // ---------------------------------------------------------------- findings

    function violate(uint256 invariant, string memory what) public {
        if (bytes(violation[invariant]).length == 0) violation[invariant] = what;
    }

    function succeeded(bytes32 name) public {
        ++successes[name];
    }
}

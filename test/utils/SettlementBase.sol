// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {Hashes} from "@openzeppelin/contracts/utils/cryptography/Hashes.sol";
import {Test} from "forge-std/Test.sol";

import {GridSettlement} from "../../contracts/GridSettlement.sol";
import {AIPG} from "../../contracts/dev/AIPG.sol";
import {IGridSettlement, ReceiptOutput, Settlement} from "../../contracts/interfaces/IGridSettlement.sol";
import {IModelTerms} from "../../contracts/interfaces/IModelTerms.sol";
import {IWorkerRegistry} from "../../contracts/interfaces/IWorkerRegistry.sol";
import {
    GridMessages,
    JobOrder,
    JobReceipt,
    LaneConfig,
    ModelTotal,
    OrderClosing,
    SignerProof,
    Voucher
} from "../../contracts/messages/GridMessages.sol";
import {GridRoles} from "../../contracts/governance/GridRoles.sol";
import {ReceiptTree} from "../../contracts/messages/ReceiptTree.sol";
import {SettlementModels} from "./SettlementModels.sol";

/// @notice A settlement with its registry, a token, two models, and people with keys.
abstract contract SettlementBase is Test {
    struct Person {
        address addr;
        uint256 key;
    }

    uint16 internal constant PROTOCOL_BPS = 500;
    uint16 internal constant ROYALTY_BPS = 1000;
    uint256 internal constant MODEL = 7;
    uint256 internal constant FREE_MODEL = 8;
    uint128 internal constant FUNDS = 1000e18;
    uint128 internal constant BOND = 2000e18;

    AIPG internal aipg;
    AccessManager internal manager;
    SettlementModels internal models;
    GridSettlement internal settlement;
    IWorkerRegistry internal registry;

    address internal admin = makeAddr("admin");
    address internal params = makeAddr("params");
    address internal guardian = makeAddr("guardian");
    address internal treasury = makeAddr("treasury");
    address internal modelOwner = makeAddr("modelOwner");
    address internal stranger = makeAddr("stranger");

    Person internal payer;
    Person internal payerSigner;
    Person internal orderSigner;
    Person internal treasurer;
    Person internal requester;
    Person internal worker;
    Person internal workerSigner;
    Person internal thief;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        vm.roll(30_000_000);
        payer = _person("payer");
        payerSigner = _person("payerSigner");
        orderSigner = _person("orderSigner");
        treasurer = _person("treasurer");
        requester = _person("requester");
        worker = _person("worker");
        workerSigner = _person("workerSigner");
        thief = _person("thief");

        aipg = new AIPG(address(this));
        manager = new AccessManager(address(this));
        models = new SettlementModels();
        models.set(MODEL, modelOwner, ROYALTY_BPS);
        models.set(FREE_MODEL, modelOwner, 0);
        settlement = _deploySettlement(IModelTerms(address(models)));
        registry = settlement.registry();
        _grantRoles();
    }

    // ---------------------------------------------------------------- set-up

    function _deploySettlement(IModelTerms terms) internal returns (GridSettlement) {
        return new GridSettlement(aipg, terms, address(manager), treasury, PROTOCOL_BPS);
    }

    function _grantRoles() internal {
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = IGridSettlement.appendFeeConfig.selector;
        selectors[1] = IGridSettlement.setTreasury.selector;
        manager.setTargetFunctionRole(address(settlement), selectors, GridRoles.PARAMS);
        selectors = new bytes4[](1);
        selectors[0] = IGridSettlement.pause.selector;
        manager.setTargetFunctionRole(address(settlement), selectors, GridRoles.GUARDIAN);
        manager.grantRole(GridRoles.PARAMS, params, 0);
        manager.grantRole(GridRoles.GUARDIAN, guardian, 0);
        manager.grantRole(GridRoles.ADMIN, admin, 0);
    }

    /// @dev PARAMS may set the minimum bond, too.
    function _grantMinBond() internal {
        bytes4[] memory selectors = new bytes4[](2);
        selectors[0] = IWorkerRegistry.setMinBond.selector;
        selectors[1] = IWorkerRegistry.setTreasury.selector;
        manager.setTargetFunctionRole(address(registry), selectors, GridRoles.PARAMS);
    }

    function _person(string memory name) internal returns (Person memory person) {
        (person.addr, person.key) = makeAddrAndKey(name);
    }

    function _mint(address to, uint128 amount) internal {
        aipg.mint(to, amount);
        vm.prank(to);
        aipg.approve(address(settlement), type(uint256).max);
    }

    function _deposit(address account, uint128 amount) internal {
        _mint(account, amount);
        vm.prank(account);
        settlement.deposit(amount);
    }

    function _bond(address who, uint128 amount) internal {
        aipg.mint(who, amount);
        vm.startPrank(who);
        aipg.approve(address(registry), amount);
        registry.register(amount, "https://worker.example/profile.json");
        vm.stopPrank();
    }

    function _addSigner(address account, Person memory signer, uint8 role) internal {
        uint64 deadline = uint64(block.timestamp + 1 hours);
        bytes memory proof = _signProof(signer, account, role, deadline);
        vm.prank(account);
        settlement.addSigner(signer.addr, role, deadline, proof);
    }

    function _appendFeeConfig(uint16 protocolBps) internal returns (uint16) {
        vm.prank(params);
        return settlement.appendFeeConfig(protocolBps);
    }

    // ---------------------------------------------------------------- lanes

    /// @dev A work lane whose vouchers the payer signs itself.
    function _laneConfig() internal view returns (LaneConfig memory) {
        return LaneConfig({
            kind: GridMessages.LANE_WORK,
            payer: payer.addr,
            payerSigner: payer.addr,
            worker: worker.addr,
            feeConfigId: settlement.currentFeeConfigId(),
            thawDelay: 1 days,
            salt: bytes32(uint256(1))
        });
    }

    function _hopConfig() internal view returns (LaneConfig memory config) {
        config = _laneConfig();
        config.kind = GridMessages.LANE_HOP;
        config.feeConfigId = 0;
    }

    function _open(LaneConfig memory config, uint128 amount) internal returns (bytes32 laneId) {
        _deposit(config.payer, amount);
        vm.prank(config.payer);
        return settlement.openLane(config, amount);
    }

    function _voucher(bytes32 laneId, uint256 modelId, uint128 cumulative, bytes32 root)
        internal
        pure
        returns (Voucher memory voucher)
    {
        voucher.laneId = laneId;
        voucher.receiptsRoot = root;
        voucher.receiptCount = root == 0 ? 0 : 5;
        voucher.totals = new ModelTotal[](1);
        voucher.totals[0] = ModelTotal({modelId: modelId, cumulative: cumulative});
    }

    function _voucher2(bytes32 laneId, uint128 cumulative, uint128 cumulativeOfFreeModel)
        internal
        pure
        returns (Voucher memory voucher)
    {
        voucher.laneId = laneId;
        voucher.totals = new ModelTotal[](2);
        voucher.totals[0] = ModelTotal({modelId: MODEL, cumulative: cumulative});
        voucher.totals[1] = ModelTotal({modelId: FREE_MODEL, cumulative: cumulativeOfFreeModel});
    }

    /// @dev Signed by the lane's payer itself, called by the worker's cold account.
    function _collect(LaneConfig memory config, Voucher memory voucher) internal returns (uint128) {
        bytes memory signature = _sign(payer, _voucherDigest(voucher));
        vm.prank(config.worker);
        return settlement.collect(config, voucher, signature, "");
    }

    // ---------------------------------------------------------------- orders

    function _order() internal view returns (JobOrder memory) {
        return JobOrder({
            requester: requester.addr,
            payer: payer.addr,
            worker: worker.addr,
            laneId: 0,
            feeConfigId: settlement.currentFeeConfigId(),
            modelId: MODEL,
            requestHash: keccak256("request"),
            count: 1,
            maxPrice: 10e18,
            deadline: uint64(block.timestamp + 10 minutes),
            nonce: 1
        });
    }

    function _output(uint32 index, uint128 price) internal view returns (ReceiptOutput memory) {
        return ReceiptOutput({
            index: index,
            seed: 0x0123456789abcdef + index,
            engineHash: keccak256("engine"),
            imageHash: keccak256(abi.encode("image", index)),
            cidDigest: keccak256(abi.encode("cid", index)),
            completedAt: uint64(block.timestamp),
            price: price,
            signature: ""
        });
    }

    /// @dev An order of `count` images at 1 AIPG each, all made, signed by the payer and the worker.
    function _settlement(uint32 count, uint256 nonce) internal view returns (Settlement memory) {
        JobOrder memory order = _order();
        order.count = count;
        order.nonce = nonce;
        order.maxPrice = uint128(count) * 1e18;
        return _settlementOf(order, payer, worker);
    }

    function _settlementOf(JobOrder memory order, Person memory orderBy, Person memory receiptsBy)
        internal
        view
        returns (Settlement memory item)
    {
        // A copy: whoever changes `order` later doesn't change the item.
        item.order = abi.decode(abi.encode(order), (JobOrder));
        item.orderSignature = _sign(orderBy, _orderDigest(order));
        item.receipts = new ReceiptOutput[](order.count);
        for (uint32 i; i < order.count; ++i) {
            item.receipts[i] = _output(i, 1e18);
        }
        _signReceipts(item, receiptsBy);
    }

    function _signReceipts(Settlement memory item, Person memory by) internal view {
        for (uint256 i; i < item.receipts.length; ++i) {
            item.receipts[i].signature = _sign(by, _receiptDigest(_receipt(item, i)));
        }
    }

    /// @dev A copy of the item with just the receipts at the positions whose bit in `positions` is set.
    function _pick(Settlement memory item, uint256 positions) internal pure returns (Settlement memory part) {
        part = abi.decode(abi.encode(item), (Settlement));
        uint256 picked;
        for (uint256 i; i < item.receipts.length; ++i) {
            if (positions >> i & 1 == 1) ++picked;
        }
        part.receipts = new ReceiptOutput[](picked);
        for (uint256 i = item.receipts.length; i != 0; --i) {
            if (positions >> (i - 1) & 1 == 1) part.receipts[--picked] = item.receipts[i - 1];
        }
    }

    /// @dev An order of four images at 1, 2, 3 and 4 AIPG, all made, signed by the payer and the worker. The cheapest is
    /// position 0; `maxPrice` is 12 AIPG.
    function _orderOfFour(uint256 nonce) internal view returns (Settlement memory item) {
        JobOrder memory order = _order();
        order.count = 4;
        order.nonce = nonce;
        order.maxPrice = 12e18;
        item = _settlementOf(order, payer, worker);
        for (uint128 i; i < 4; ++i) {
            item.receipts[i].price = (1 + i) * 1e18;
        }
        _signReceipts(item, worker);
    }

    /// @dev A closing of the item's order with just the receipts that the item has.
    function _closing(Settlement memory item) internal view returns (OrderClosing memory) {
        return OrderClosing({
            orderHash: GridMessages.hashOrder(item.order),
            receiptCount: uint32(item.receipts.length),
            receiptsRoot: _rootOf(item)
        });
    }

    function _signClosing(OrderClosing memory closing, Person memory by) internal view returns (bytes memory) {
        return _sign(by, _digest(GridMessages.hashOrderClosing(closing)));
    }

    function _receipt(Settlement memory item, uint256 position) internal pure returns (JobReceipt memory) {
        ReceiptOutput memory output = item.receipts[position];
        return JobReceipt({
            orderHash: GridMessages.hashOrder(item.order),
            index: output.index,
            requester: item.order.requester,
            worker: item.order.worker,
            modelId: item.order.modelId,
            requestHash: item.order.requestHash,
            seed: output.seed,
            engineHash: output.engineHash,
            imageHash: output.imageHash,
            cidDigest: output.cidDigest,
            completedAt: output.completedAt,
            price: output.price
        });
    }

    function _rootOf(Settlement memory item) internal view returns (bytes32) {
        bytes32[] memory leaves = new bytes32[](item.receipts.length);
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = GridMessages.leafOf(_receiptDigest(_receipt(item, i)));
        }
        return ReceiptTree.rootOf(leaves);
    }

    /// @dev Data of an `OrderSettled`.
    struct Settled {
        bytes32 orderHash;
        bytes32 root;
        uint256 nonce;
        uint32 count;
        bool anchored;
        uint128 toWorker;
        uint128 royalty;
        uint128 fee;
        uint128 balance;
    }

    /// @dev The next call settles the item for `paid`.
    function _expectOrderSettled(Settlement memory item, uint128 paid, bool anchored) internal {
        Settled memory e;
        (e.toWorker, e.royalty, e.fee) = settlement.splitOf(paid, PROTOCOL_BPS, ROYALTY_BPS);
        e.orderHash = GridMessages.hashOrder(item.order);
        e.root = _rootOf(item);
        e.nonce = item.order.nonce;
        e.count = uint32(item.receipts.length);
        e.anchored = anchored;
        e.balance = _balance(payer.addr) - paid;
        vm.expectEmit(address(settlement));
        _emitOrderSettled(e);
    }

    function _emitOrderSettled(Settled memory e) private {
        emit IGridSettlement.OrderSettled(
            e.orderHash,
            payer.addr,
            worker.addr,
            requester.addr,
            MODEL,
            e.nonce,
            e.root,
            e.count,
            e.anchored,
            e.toWorker,
            e.royalty,
            e.fee,
            e.balance
        );
    }

    /// @dev Sibling nodes of a leaf in the tree of `ReceiptTree`.
    function _proofOf(bytes32[] memory leaves, uint256 index) internal pure returns (bytes32[] memory proof) {
        uint256 n = leaves.length;
        bytes32[] memory tree = new bytes32[](2 * n - 1);
        for (uint256 i; i < n; ++i) {
            tree[2 * n - 2 - i] = leaves[i];
        }
        for (uint256 i = n - 1; i != 0; --i) {
            tree[i - 1] = Hashes.commutativeKeccak256(tree[2 * i - 1], tree[2 * i]);
        }
        proof = new bytes32[](n);
        uint256 length;
        for (uint256 node = 2 * n - 2 - index; node != 0; node = (node - 1) / 2) {
            proof[length++] = tree[node % 2 == 0 ? node - 1 : node + 1];
        }
        assembly ("memory-safe") {
            mstore(proof, length)
        }
    }

    // ---------------------------------------------------------------- signing

    /// @dev An order of the payer's, the only one that drew on its FUNDS, was settled for `total`: money, nonce and anchor.
    function _assertSettled(Settlement memory item, uint128 total) internal view {
        assertEq(_balance(payer.addr), FUNDS - total);
        _expectCredits(total);
        assertTrue(settlement.isNonceUsed(payer.addr, item.order.nonce));
        _expectAnchor(_rootOf(item), worker.addr);
        _assertSolvent(0);
    }

    /// @dev The same while the worker wasn't bonded: its anchor waits.
    function _assertSettledInDip(Settlement memory item, uint128 total) internal view {
        assertEq(_balance(payer.addr), FUNDS - total);
        _expectCredits(total);
        _expectAnchor(_rootOf(item), address(0));
        _expectWaiting(_rootOf(item), worker.addr, uint32(item.receipts.length));
    }

    function _expectCredits(uint128 total) internal view {
        (uint128 toWorker, uint128 royalty, uint128 fee) = settlement.splitOf(total, PROTOCOL_BPS, ROYALTY_BPS);
        assertEq(settlement.earnedOf(worker.addr), toWorker);
        assertEq(settlement.modelEarnedOf(MODEL), royalty);
        assertEq(settlement.protocolAccruedOf(worker.addr), fee);
        assertEq(toWorker + royalty + fee, total);
    }

    /// @dev An anchor of this block, or none.
    function _expectAnchor(bytes32 root, address expected) internal view {
        (address by, uint40 time, uint40 blockNumber) = settlement.anchorOf(0, payer.addr, root);
        assertEq(by, expected);
        assertEq(time, expected == address(0) ? 0 : block.timestamp);
        assertEq(blockNumber, expected == address(0) ? 0 : block.number);
    }

    function _expectWaiting(bytes32 root, address expected, uint32 count) internal view {
        (address by, uint32 receiptCount) = settlement.waitingAnchorOf(payer.addr, root);
        assertEq(by, expected, "waits for");
        assertEq(receiptCount, count, "waiting receipts");
    }

    function _sign(Person memory by, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(by.key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _signProof(Person memory signer, address account, uint8 role, uint64 deadline)
        internal
        view
        returns (bytes memory)
    {
        SignerProof memory proof = SignerProof({account: account, role: role, deadline: deadline});
        return _sign(signer, _digest(GridMessages.hashSignerProof(proof)));
    }

    function _voucherDigest(Voucher memory voucher) internal view returns (bytes32) {
        return _digest(GridMessages.hashVoucher(voucher));
    }

    function _orderDigest(JobOrder memory order) internal view returns (bytes32) {
        return _digest(GridMessages.hashOrder(order));
    }

    function _receiptDigest(JobReceipt memory receipt) internal view returns (bytes32) {
        return _digest(GridMessages.hashReceipt(receipt));
    }

    function _laneId(LaneConfig memory config) internal view returns (bytes32) {
        return _digest(GridMessages.hashLane(config));
    }

    function _digest(bytes32 structHash) internal view returns (bytes32) {
        return GridMessages.toDigest(GridMessages.domainSeparator(address(settlement)), structHash);
    }

    // ---------------------------------------------------------------- reading

    function _balance(address account) internal view returns (uint128) {
        return settlement.accountOf(account).balance;
    }

    /// @dev What the people of this test own in the settlement equals the AIPG it holds.
    function _assertSolvent(bytes32 laneId) internal view {
        uint256 owed = uint256(_balance(payer.addr)) + _balance(worker.addr) + settlement.laneOf(laneId).free
            + settlement.earnedOf(worker.addr) + settlement.protocolAccruedOf(worker.addr)
            + settlement.modelEarnedOf(MODEL) + settlement.modelEarnedOf(FREE_MODEL);
        assertEq(aipg.balanceOf(address(settlement)), owed, "books");
    }
}

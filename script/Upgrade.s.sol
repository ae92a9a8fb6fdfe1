// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {UUPSUpgradeable} from "@openzeppelin/contracts-upgradeable/proxy/utils/UUPSUpgradeable.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {Script, console} from "forge-std/Script.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {LibString} from "solady/utils/LibString.sol";

import {AIGC} from "../contracts/AIGC.sol";
import {GridAuthority} from "../contracts/GridAuthority.sol";
import {GridNFT} from "../contracts/GridNFT.sol";
import {Series} from "../contracts/interfaces/IGridNFT.sol";
import {GridRoles} from "../contracts/governance/GridRoles.sol";

/// @title Upgrades AIGC or GridNFT to the code in this checkout
/// @notice Two steps, at least two days apart:
/// `npm run forge -- script script/Upgrade.s.sol --ffi --sig "run(string)" AIGC --rpc-url ... --broadcast`
/// `npm run forge -- script script/Upgrade.s.sol --ffi --sig "execute(string)" AIGC --rpc-url ... --broadcast`
/// @dev The first step checks the storage layout against the committed one (`npm run check:layout`, that is what `--ffi` is for),
/// makes the new implementation, rehearses the upgrade on a copy of the chain's state, and schedules it. A sender without UPGRADER
/// makes the implementation only, and is told what the holder (a multisig, say) must call.
contract Upgrade is Script {
    bytes32 internal constant SALT = keccak256("GridNFT upgrade");

    /// @dev More than reading the largest series takes.
    uint256 private constant ASK_GAS = 30_000_000;

    /// @notice Only AIGC and GridNFT are behind proxies.
    error Upgrade_UnknownContract(string name);
    /// @notice The new code would read its storage from elsewhere.
    error Upgrade_LayoutMoved(string reason);
    /// @notice The proxy runs this code already.
    error Upgrade_NothingToDo(address implementation);
    /// @notice Upgrades of this contract were ended for ever.
    error Upgrade_Sealed(string name);
    /// @notice After the rehearsed upgrade the contract answered otherwise than before.
    error Upgrade_RehearsalDiffers(string name);
    /// @notice The implementation couldn't be made.
    error Upgrade_Failed(string name);

    /// @notice First step, for the deployment in `deployments/<chain id>.json`.
    function run(string calldata name) external returns (address implementation, bytes memory call_) {
        (implementation, call_) = schedule(name, _proxyOf(name), msg.sender);
    }

    /// @notice Second step.
    function execute(string calldata name) external {
        _execute(name, _proxyOf(name), msg.sender);
    }

    /// @notice Makes, rehearses and schedules.
    function schedule(string memory name, address proxy, address sender)
        public
        returns (address implementation, bytes memory call_)
    {
        _requireLayout();
        if (_isSealed(name, proxy)) revert Upgrade_Sealed(name);
        bytes memory creation = _creation(name, proxy);
        implementation = vm.computeCreate2Address(SALT, keccak256(creation));
        // Linked and immutable values are in the code, so equal code is an equal implementation.
        if (_sameCode(creation, _implementationOf(proxy))) revert Upgrade_NothingToDo(_implementationOf(proxy));
        vm.startBroadcast(sender);
        if (implementation.code.length == 0) {
            (bool ok,) = CREATE2_FACTORY.call(bytes.concat(SALT, creation));
            if (!ok || implementation.code.length == 0) revert Upgrade_Failed(name);
        }
        vm.stopBroadcast();
        _rehearse(name, proxy, implementation);

        call_ = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (implementation, ""));
        GridAuthority authority = GridAuthority(AIGC(proxy).authority());
        (bool held, uint32 delay) = authority.hasRole(GridRoles.UPGRADER, sender);
        if (held) {
            vm.broadcast(sender);
            authority.schedule(proxy, call_, 0);
            console.log("Scheduled; run execute after this many seconds:", delay);
        } else {
            console.log("The sender doesn't hold UPGRADER. Its holder calls, on the authority", address(authority));
            console.logBytes(abi.encodeCall(authority.schedule, (proxy, call_, 0)));
            console.log("and two days later");
            console.logBytes(abi.encodeCall(authority.execute, (proxy, call_)));
        }
    }

    // ---------------------------------------------------------------- internal

    function _execute(string memory name, address proxy, address sender) internal {
        bytes memory creation = _creation(name, proxy);
        address implementation = vm.computeCreate2Address(SALT, keccak256(creation));
        bytes memory before = _answers(name, proxy);
        GridAuthority authority = GridAuthority(AIGC(proxy).authority());
        vm.broadcast(sender);
        authority.execute(proxy, abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (implementation, "")));
        if (keccak256(_answers(name, proxy)) != keccak256(before)) revert Upgrade_RehearsalDiffers(name);
    }

    /// @dev Puts the new implementation under the proxy's storage, asks, and takes it away again.
    function _rehearse(string memory name, address proxy, address implementation) private {
        bytes memory before = _answers(name, proxy);
        bytes32 current = vm.load(proxy, ERC1967Utils.IMPLEMENTATION_SLOT);
        vm.store(proxy, ERC1967Utils.IMPLEMENTATION_SLOT, bytes32(uint256(uint160(implementation))));
        bytes memory afterwards = _answers(name, proxy);
        vm.store(proxy, ERC1967Utils.IMPLEMENTATION_SLOT, current);
        if (keccak256(before) != keccak256(afterwards)) revert Upgrade_RehearsalDiffers(name);
    }

    /// @dev `npm run check:layout` in the project's folder; needs `--ffi`.
    function _requireLayout() internal virtual {
        string[] memory command = new string[](4);
        (command[0], command[1], command[2], command[3]) = ("npm", "run", "--silent", "check:layout");
        VmSafe.FfiResult memory result = vm.tryFfi(command);
        if (result.exitCode != 0) revert Upgrade_LayoutMoved(string(bytes.concat(result.stdout, result.stderr)));
    }

    /// @dev The new implementation's creation code with the constructor arguments of the old one.
    function _creation(string memory name, address proxy) internal view virtual returns (bytes memory) {
        if (_is(name, "AIGC")) return bytes.concat(type(AIGC).creationCode, abi.encode(AIGC(proxy).aipg()));
        if (_is(name, "GridNFT")) {
            return bytes.concat(type(GridNFT).creationCode, abi.encode(GridNFT(proxy).aipg(), GridNFT(proxy).models()));
        }
        revert Upgrade_UnknownContract(name);
    }

    /// @dev Returns what no upgrade may change. Of models and artworks the first ones and the last: all would take too long.
    function _answers(string memory name, address proxy) internal view virtual returns (bytes memory) {
        return _is(name, "AIGC") ? _answersOfAigc(AIGC(proxy)) : _answersOfNft(GridNFT(proxy));
    }

    function _answersOfAigc(AIGC aigc) private view returns (bytes memory) {
        uint256 count = aigc.totalSupply();
        bytes memory models;
        for (uint256 i = 1; i <= count; i = _next(i, count)) {
            (uint64 moves, uint64 shown) = aigc.stateOf(i);
            address owner = aigc.ownerOf(i);
            models = bytes.concat(
                models,
                abi.encode(
                    aigc.modelOf(i), owner, aigc.balanceOf(owner), moves, shown, aigc.userOf(i), aigc.userExpires(i)
                )
            );
        }
        return abi.encode(
            aigc.name(), aigc.symbol(), aigc.authority(), aigc.treasury(), aigc.registrationFee(), count, models
        );
    }

    function _answersOfNft(GridNFT nft) private view returns (bytes memory) {
        (uint256 fee, address treasury) = nft.mintFee();
        (bool upgrades, bool sources, bool renderer, bool escrow) = nft.seals();
        bytes memory artworks;
        // Blob n is the n-th contract that the proxy made: that of series n, or of a version or an edit.
        uint256 blobs = vm.getNonce(address(nft)) - 1;
        for (uint256 n = 1; n <= blobs; n = _next(n, blobs)) {
            artworks = bytes.concat(artworks, _answersOfSeries(address(nft), n));
        }
        bytes memory settings = abi.encode(
            nft.name(), nft.symbol(), nft.authority(), nft.totalSupply(), nft.owner(), nft.renderer(), fee, treasury
        );
        bytes memory places = abi.encode(nft.escrow(), nft.paused(), upgrades, sources, renderer, escrow);
        for (uint256 i; i < nft.anchorSourceCount(); ++i) {
            places = bytes.concat(places, abi.encode(nft.anchorSource(i)));
        }
        return abi.encode(settings, places, artworks);
    }

    /// @dev A series, and its first and last artwork: of each what it is, who has it, and what it shows. A number without a
    /// series, or a burnt token, answers with the same errors before and after.
    function _answersOfSeries(address nft, uint256 seriesId) private view returns (bytes memory answers) {
        bytes memory item;
        (answers, item) = _ask(nft, abi.encodeWithSelector(GridNFT.series.selector, seriesId));
        uint256 count = item.length == 0 ? 1 : abi.decode(item, (Series)).count;
        for (uint256 i = 1; i <= count; i = i == count ? i + 1 : count) {
            uint256 tokenId = seriesId * 1000 + i;
            (bytes memory provenance,) = _ask(nft, abi.encodeWithSignature("provenanceOf(uint256)", tokenId));
            (bytes memory display,) = _ask(nft, abi.encodeCall(GridNFT.displayOf, (tokenId)));
            (bytes memory state,) = _ask(nft, abi.encodeCall(GridNFT.stateOf, (tokenId)));
            (bytes memory royalty,) = _ask(nft, abi.encodeCall(GridNFT.royaltyInfo, (tokenId, 1 ether)));
            (bytes memory owner, bytes memory held) = _ask(nft, abi.encodeWithSignature("ownerOf(uint256)", tokenId));
            answers = bytes.concat(answers, provenance, display, state, royalty, owner);
            if (held.length != 0) {
                (bytes memory balance,) =
                    _ask(nft, abi.encodeWithSignature("balanceOf(address)", abi.decode(held, (address))));
                answers = bytes.concat(answers, balance);
            }
        }
    }

    /// @return answer Answer or error, and which of the two.
    /// @return item The answer alone; empty when it failed.
    function _ask(address target, bytes memory call_) private view returns (bytes memory answer, bytes memory item) {
        (bool ok, bytes memory result) = target.staticcall{gas: ASK_GAS}(call_);
        answer = abi.encode(ok, result);
        if (ok) item = result;
    }

    /// @dev 1 to 5, and the last 5.
    function _next(uint256 i, uint256 last) private pure returns (uint256) {
        return i == 5 && last > 10 ? last - 4 : i + 1;
    }

    function _isSealed(string memory name, address proxy) private view returns (bool upgrades) {
        if (_is(name, "AIGC")) return AIGC(proxy).upgradesSealed();
        if (!_is(name, "GridNFT")) revert Upgrade_UnknownContract(name);
        (upgrades,,,) = GridNFT(proxy).seals();
    }

    function _proxyOf(string memory name) private view returns (address) {
        if (!_is(name, "AIGC") && !_is(name, "GridNFT")) revert Upgrade_UnknownContract(name);
        string memory file = vm.readFile(string.concat("deployments/", vm.toString(block.chainid), ".json"));
        return vm.parseJsonAddress(file, string.concat(".contracts.", name, ".address"));
    }

    /// @dev Makes the code here and now, on no chain, to compare what comes out.
    function _sameCode(bytes memory creation, address implementation) private returns (bool same) {
        uint256 state = vm.snapshotState();
        address made;
        assembly ("memory-safe") {
            made := create(0, add(creation, 0x20), mload(creation))
        }
        // An implementation knows its own address (UUPS), which is the one word in which two of equal code may differ.
        same = keccak256(_without(made)) == keccak256(_without(implementation));
        vm.revertToState(state);
    }

    /// @dev The code at `account` with each occurrence of its own address blanked.
    function _without(address account) private view returns (bytes memory) {
        return bytes(
            LibString.replace(
                string(account.code), string(abi.encodePacked(account)), string(abi.encodePacked(address(0)))
            )
        );
    }

    function _implementationOf(address proxy) private view returns (address) {
        return address(uint160(uint256(vm.load(proxy, ERC1967Utils.IMPLEMENTATION_SLOT))));
    }

    function _is(string memory a, string memory b) internal pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }
}

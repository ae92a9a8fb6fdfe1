// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {Test} from "forge-std/Test.sol";
import {ERC7007Reference, YesVerifier} from "../../bench/gas/peers/ERC7007Reference.sol";
import {ERC721AToken, IPlainToken, OpenZeppelinToken, SoladyToken} from "../../bench/gas/peers/PlainTokens.sol";
import {TextbookSeries} from "../../bench/gas/peers/TextbookSeries.sol";
import {AIPG} from "../../contracts/dev/AIPG.sol";

/// @notice Gas of what others do, on the workload of `bench/gas/workload.json`. Run with --isolate: each measured call
/// is then a transaction of its own, 21,000 and calldata included.
contract PeerGasTest is Test {
    address internal constant ARTIST = address(0xA11Ce5A11Ce5a11ce5A11cE5a11CE5A11CE5A11c);
    address internal constant HOLDER = address(0xb0bB0bB0Bb0Bb0bB0Bb0bb0bb0bB0BB0Bb0BB0Bb);
    address internal constant FRESH = address(0xc0FfEeC0FFeEC0fFEEc0fFEEc0FFeec0FFeEc0Ff);
    address internal constant TREASURY = address(0x7e57E577e577E577e577E577E577E577e577E577);

    string internal workload;

    function setUp() public {
        workload = vm.readFile("bench/gas/workload.json");
    }

    function test_PlainTokens() public {
        _plain("OpenZeppelin", address(new OpenZeppelinToken()));
        _plain("solady", address(new SoladyToken()));
        _plain("ERC721A", address(new ERC721AToken()));
    }

    function test_TextbookSeries() public {
        AIPG aipg = new AIPG(address(this));
        aipg.mint(ARTIST, 1_000e18);
        aipg.mint(TREASURY, 1e18);
        TextbookSeries series = TextbookSeries(_proxy(address(new TextbookSeries(IERC20(address(aipg)), TREASURY))));
        vm.prank(ARTIST);
        aipg.approve(address(series), type(uint256).max);
        _mintTextbook(series, 1); // so that the holder owns one and every counter has left zero

        _mintTextbook(series, 1);
        vm.snapshotGasLastCall("peers", "mint 1: textbook series on OpenZeppelin");
        _mintTextbook(series, 10);
        vm.snapshotGasLastCall("peers", "mint 10: textbook series on OpenZeppelin");
        _mintTextbook(series, 50);
        vm.snapshotGasLastCall("peers", "mint 50: textbook series on OpenZeppelin");
    }

    function test_ERC7007Reference() public {
        ERC7007Reference token = new ERC7007Reference(address(new YesVerifier()));
        token.mint(HOLDER, "first", "", "", "");
        bytes memory prompt = bytes(_text("prompt"));
        string memory uri = string.concat(
            '"name": "',
            _text("title"),
            '", "description": "',
            _text("description"),
            '", "aigc_type": "image", "proof_type": "zkML"'
        );
        bytes memory aigcData = bytes(string.concat("ipfs://", Strings.toHexString(uint256(keccak256("cid")), 32)));
        token.mint(HOLDER, prompt, aigcData, uri, bytes.concat(keccak256("proof"), keccak256("more")));
        vm.snapshotGasLastCall("peers", "mint 1: ERC-7007 reference, no proof checked");
    }

    function _plain(string memory name, address implementation) internal {
        IPlainToken token = IPlainToken(_proxy(implementation));
        token.mint(ARTIST, 2); // ids 0 and 1; counters have left zero
        token.mint(FRESH, 1);
        vm.snapshotGasLastCall("peers", string.concat("plain mint behind a proxy, fresh holder: ", name));

        token.mint(HOLDER, 1);
        token.mint(ARTIST, 10); // ids 4 to 13
        vm.startPrank(ARTIST);
        token.transferFrom(ARTIST, HOLDER, 0); // ERC721A writes the next id's owner on the first transfer of a batch
        token.transferFrom(ARTIST, HOLDER, 1);
        vm.snapshotGasLastCall("peers", string.concat("transfer, both hold already: ", name));
        token.transferFrom(ARTIST, HOLDER, 12);
        vm.snapshotGasLastCall("peers", string.concat("first transfer out of a series of ten, ninth: ", name));
        vm.stopPrank();
    }

    function _mintTextbook(TextbookSeries series, uint256 count) internal {
        TextbookSeries.Artwork[] memory artworks = new TextbookSeries.Artwork[](count);
        for (uint256 i; i < count; ++i) {
            artworks[i] = TextbookSeries.Artwork({
                prompt: _prompt(i),
                negativePrompt: _text("negativePrompt"),
                engine: _text("engine"),
                sampler: _text("sampler"),
                scheduler: _text("scheduler"),
                imageHash: keccak256(abi.encode("image", i)),
                cidDigest: keccak256(abi.encode("cid", i)),
                completedAt: 1_763_164_790,
                seed: uint64(uint256(keccak256(abi.encode("seed", i)))),
                modelId: 7,
                width: 1024,
                height: 768,
                steps: 30,
                guidanceMilli: 7500
            });
        }
        TextbookSeries.SeriesText memory text =
            TextbookSeries.SeriesText({title: _text("title"), description: _text("description"), tags: _text("tags")});
        vm.prank(ARTIST);
        series.mintSeries(HOLDER, text, artworks);
    }

    /// @dev Prompts of equal length that differ.
    function _prompt(uint256 i) internal view returns (string memory) {
        bytes memory prompt = bytes(_text("prompt"));
        prompt[prompt.length - 1] = bytes1(uint8(65 + i));
        return string(prompt);
    }

    function _text(string memory field) internal view returns (string memory) {
        return vm.parseJsonString(workload, string.concat(".", field));
    }

    /// @dev The proxy insists on a first call; a view will do.
    function _proxy(address implementation) internal returns (address) {
        return address(new ERC1967Proxy(implementation, abi.encodeCall(IERC165.supportsInterface, (0x80ac58cd))));
    }
}

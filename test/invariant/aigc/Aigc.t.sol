// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AigcBase} from "../../utils/AigcBase.sol";
import {AigcHandler} from "./AigcHandler.sol";

abstract contract AigcCampaign is AigcBase {
    AigcHandler internal handler;
    bool internal watchesMetadata;

    function setUp() public override {
        super.setUp();
        handler = new AigcHandler(aipg, aigc, curator, params, watchesMetadata);
        handler.register(0, 0, 1);
        handler.register(1, 2, 7);
        targetContract(address(handler));
    }
}

/// @notice One campaign looks at all invariants; messages begin with the number.
contract AigcInvariants is AigcCampaign {
    function invariant_2and9and12and13_ModelsAndTheirMoney() external view {
        _identityIsWriteOnce();
        _logsRebuildTheModels();
        _balancesSumUpToTheSupply();
        _moneyGoesWhereTheLogsSay();
        _royaltiesStayWithinTheirCaps();
    }

    /// @dev 9, part: whatever anybody does, a model stays what it was registered as.
    function _identityIsWriteOnce() private view {
        for (uint256 i = 1; i <= aigc.totalSupply(); ++i) {
            assertEq(handler.identityOf(i), handler.firstIdentity(i), "9: identity");
        }
    }

    /// @dev 12: the logs rebuild every model, owner, user, license and nonce.
    function _logsRebuildTheModels() private view {
        assertEq(handler.count(), aigc.totalSupply(), "12: logs");
        assertEq(handler.fee(), aigc.registrationFee(), "12: logs");
        assertEq(handler.treasury(), aigc.treasury(), "12: logs");
        for (uint256 i = 1; i <= aigc.totalSupply(); ++i) {
            AigcHandler.Book memory book = handler.bookOf(i);
            assertEq(abi.encode(book.model), abi.encode(aigc.modelOf(i)), "12: logs");
            assertEq(book.owner, aigc.ownerOf(i), "12: logs");
            assertEq(book.userExpires, aigc.userExpires(i), "12: logs");
            assertEq(book.userExpires >= block.timestamp ? book.user : address(0), aigc.userOf(i), "12: logs");
            (address receiver,) = aigc.royaltyInfo(i, 1 ether);
            assertEq(book.royaltyReceiver, receiver, "12: logs");
            (, uint64 shown) = aigc.stateOf(i); assertEq(book.changes, shown, "12: logs");
            for (uint256 k; k < 4; ++k) {
                assertEq(handler.licenses(i, handler.actors(k)), aigc.licenseExpires(i, handler.actors(k)), "12: logs");
            }
        }
    }

    /// @dev 13, first half: balances sum up to the supply.
    function _balancesSumUpToTheSupply() private view {
        uint256 sum;
        for (uint256 i; i < 4; ++i) {
            sum += aigc.balanceOf(handler.actors(i));
        }
        assertEq(sum, aigc.totalSupply(), "13: balances and supply");
    }

    /// @dev 2, part: what accounts earned by licenses and fees is what the logs say; AIGC itself never holds AIPG.
    function _moneyGoesWhereTheLogsSay() private view {
        assertEq(aipg.balanceOf(address(aigc)), 0, "2: money and logs");
        uint256 total;
        for (uint256 i; i < 4; ++i) {
            total += aipg.balanceOf(handler.actors(i));
        }
        // Actors pay actors; only fees to the first treasury, which is none of them, leave the circle.
        assertEq(total + handler.earned(treasury), 4e30, "2: money and logs");
        assertEq(aipg.balanceOf(treasury), handler.earned(treasury), "2: money and logs");
    }

    /// @dev 9, part: royalties stay within their caps, whatever was announced.
    function _royaltiesStayWithinTheirCaps() private view {
        for (uint256 i = 1; i <= aigc.totalSupply(); ++i) {
            assertLe(aigc.usageRoyaltyBps(i), 2000, "9: caps of royalties");
            (, uint256 amount) = aigc.royaltyInfo(i, 10_000);
            assertLe(amount, 1000, "9: caps of royalties");
        }
    }
}

/// forge-config: default.invariant.runs = 8
contract AigcMetadataInvariants is AigcCampaign {
    constructor() {
        watchesMetadata = true;
    }

    /// @dev 13, second half: marketplaces are told of each change that tokenURI shows, and of no other.
    function invariant_13_MetadataUpdateOnEveryShownChangeAndOnlyThen() external view {
        assertEq(handler.metadataFault(), "", "13: ERC-4906");
    }
}

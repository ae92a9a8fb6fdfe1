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

contract AigcInvariants is AigcCampaign {
    /// @dev 9, part: whatever anybody does, a model stays what it was registered as.
    function invariant_9_IdentityIsWriteOnce() external view {
        for (uint256 i = 1; i <= aigc.totalSupply(); ++i) {
            assertEq(handler.identityOf(i), handler.firstIdentity(i));
        }
    }

    /// @dev 12: the logs rebuild every model, owner, user, license and nonce.
    function invariant_12_LogsRebuildTheModels() external view {
        assertEq(handler.count(), aigc.totalSupply());
        assertEq(handler.fee(), aigc.registrationFee());
        assertEq(handler.treasury(), aigc.treasury());
        for (uint256 i = 1; i <= aigc.totalSupply(); ++i) {
            AigcHandler.Book memory book = handler.bookOf(i);
            assertEq(abi.encode(book.model), abi.encode(aigc.modelOf(i)));
            assertEq(book.owner, aigc.ownerOf(i));
            assertEq(book.userExpires, aigc.userExpires(i));
            assertEq(book.userExpires >= block.timestamp ? book.user : address(0), aigc.userOf(i));
            (address receiver,) = aigc.royaltyInfo(i, 1 ether);
            assertEq(book.royaltyReceiver, receiver);
            assertEq(book.changes, aigc.presentationNonce(i));
            for (uint256 k; k < 4; ++k) {
                assertEq(handler.licenses(i, handler.actors(k)), aigc.licenseExpires(i, handler.actors(k)));
            }
        }
    }

    /// @dev 13, first half: balances sum up to the supply.
    function invariant_13_BalancesSumUpToTheSupply() external view {
        uint256 sum;
        for (uint256 i; i < 4; ++i) {
            sum += aigc.balanceOf(handler.actors(i));
        }
        assertEq(sum, aigc.totalSupply());
    }

    /// @dev 2, part: what accounts earned by licenses and fees is what the logs say; AIGC itself never holds AIPG.
    function invariant_2_MoneyGoesWhereTheLogsSay() external view {
        assertEq(aipg.balanceOf(address(aigc)), 0);
        uint256 total;
        for (uint256 i; i < 4; ++i) {
            total += aipg.balanceOf(handler.actors(i));
        }
        // Actors pay actors; only fees to the first treasury, which is none of them, leave the circle.
        assertEq(total + handler.earned(treasury), 4e30);
        assertEq(aipg.balanceOf(treasury), handler.earned(treasury));
    }

    /// @dev Royalties stay within their caps, whatever was announced.
    function invariant_RoyaltiesStayWithinTheirCaps() external view {
        for (uint256 i = 1; i <= aigc.totalSupply(); ++i) {
            assertLe(aigc.usageRoyaltyBps(i), 2000);
            (, uint256 amount) = aigc.royaltyInfo(i, 10_000);
            assertLe(amount, 1000);
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
        assertEq(handler.metadataFault(), "");
    }
}

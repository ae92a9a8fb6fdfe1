// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title The packed body of a series or version
/// @notice Decodes, hashes, checks, stores and reads the packed body that GridNFT is given at mint.
/// @dev NORMATIVE. A body is what follows, in this order, without padding, and nothing after it. All integers are
/// big-endian. The same bytes are given by the caller, hashed (`bodyHash` = keccak256 of the body), stored and logged.
///
/// Notation: `u8 u16 u40 u64` integers of so many bits. `b20 b32` so many bytes. `num`: a u8 `n`, then `n` bytes, the
/// first of them not zero (0 is the single byte 00); `n` is at most the width given in brackets, in bytes.
/// `text8`, `text16`: a u8 or u16 length in bytes, then UTF-8 without control characters (U+0000 to U+001F and U+007F
/// to U+009F).
///
/// ```
/// body     = form, [header], anchors, engines, requests, orders, artworks
///
/// form     = u8                       1: a series (mint). 2: a version (evolve); it has no header, and one artwork.
///
/// header   = u8     policy            0 NONE, 1 ARTIST, 2 OWNER
///            u16    royaltyBps        at most 1,000
///            text8  title
///            text16 description
///            text8  tags              comma-separated
///
/// anchors  = u8 count, at least 1, then for each:
///            u8     source            index of the anchor source
///            u8     flags             1 lane, 2 payer, 4 root; other bits 0
///            b32    laneId            if lane is set; else the direct rail (lane id 0)
///            b20    payer             if payer is set; else the requester
///            b32    root              if root is set; else the leaf of this anchor's receipt, of which there must be
///                                     exactly one
///            b20    worker
///
/// engines  = u8 count, at least 1, then for each:
///            text8  engine            its keccak256 is the receipt's engineHash
///
/// requests = u8 count, at least 1, then for each:
///            u16    mask              bit i is set when the i-th of the following fields is given
///            num    modelId       (32)  bit 0
///            b32    modelHash           bit 1
///            text16 prompt              bit 2
///            text16 negativePrompt      bit 3
///            u64    seed                bit 4; below 2^63, or 2^64-1 for any
///            num    width          (4)  bit 5
///            num    height         (4)  bit 6
///            num    steps          (4)  bit 7
///            num    guidanceMilli  (4)  bit 8
///            text8  sampler             bit 9
///            text8  scheduler           bit 10
///            b32    sourceHash          bit 11
///            text16 extras              bit 12
///            b32    salt                bit 13; bits 14 and 15 are 0
///          A field that is not given is, in the first request, 0 or empty, and 2^64-1 (any) for the seed; in a later
///          request, what it is in the first one.
///
/// orders   = u8 count, at least 1, then for each:
///            b32    orderHash
///            u8     anchor            index into anchors
///            u8     request           index into requests
///            u8     engine            index into engines
///            num    price         (16)  price of its receipts, where they do not say otherwise
///          The same orderHash may be listed again with another anchor or engine.
///
/// artworks = u16 count, at least 1, at most 999 (1 in form 2), then for each:
///            u8     flags             1 cid, 2 price, 4 parent; other bits 0
///            u8     order             index into orders
///            u8     index             the receipt's index
///            u40    completedAt       Unix seconds
///            b32    imageHash
///            u64    seed              if its request's seed is 2^64-1; else the receipt's seed is seed + index
///            b32    cidDigest         if cid is set; else it equals imageHash
///            num    price        (16)   if price is set; else the order's
///            num    parent       (32)   if parent is set: token id of the artwork that sourceHash is the image of
///            num    parentVersion (4)   if parent is set
/// ```
///
/// Artwork i (from 0) of a series becomes token `seriesId * 1_000 + i + 1`. The leaves of an anchor's proof are its
/// artworks' receipts in the order of the body. The receipt of an artwork is
/// `JobReceipt(orderHash, index, requester, worker, modelId, requestHash, seed, engineHash, imageHash, cidDigest,
/// completedAt, price)` with the requester of the mint.
///
/// The stored blob is a zero byte, the body, and a trailer: for each anchor its u40 time and u40 block, then the b20
/// requester. Events carry body and trailer. Body and trailer together are at most 24,575 bytes.
library GridCodec {}

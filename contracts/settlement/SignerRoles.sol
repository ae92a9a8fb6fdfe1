// SPDX-License-Identifier: MIT
pragma solidity ^0.8.30;

/// @title What a hot key may do for its account
/// @notice The `role` of a `SignerProof`. A key has one role, for one account, for ever.
library SignerRoles {
    /// @dev Signs the vouchers of lanes that name it as `payerSigner`.
    uint8 internal constant PAYER_SIGNER = 1;
    /// @dev Signs direct orders that spend the account's balance.
    uint8 internal constant ORDER_SIGNER = 2;
    /// @dev Tops up the account's open lanes from its balance, up to the key's own cap per window.
    uint8 internal constant TREASURER = 3;
    /// @dev Signs receipts, counter-signs vouchers, calls `collect`. Can't touch earnings.
    uint8 internal constant WORKER_SIGNER = 4;
}

// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Ownable} from "@openzeppelin/contracts/access/Ownable.sol";
import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Pausable} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Pausable.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";

/// @title AIPG for local chains
/// @notice Stands in for the live token with the features the protocol meets there: ERC-20 with 18 decimals, ERC-2612
/// permit, and an owner who can pause all transfers.
/// @dev Its owner mints at will, so it can't be deployed anywhere but on a local chain.
contract AIPG is ERC20, ERC20Permit, ERC20Pausable, Ownable {
    /// @notice This is not a local chain (31337 or 1337).
    error AIPG_LocalChainsOnly(uint256 chainId);

    constructor(address owner_) ERC20("AI Power Grid", "AIPG") ERC20Permit("AI Power Grid") Ownable(owner_) {
        if (block.chainid != 31_337 && block.chainid != 1337) revert AIPG_LocalChainsOnly(block.chainid);
    }

    /// @notice Makes `amount` wei for `to`. Owner only.
    function mint(address to, uint256 amount) external onlyOwner {
        _mint(to, amount);
    }

    /// @notice Stops all transfers. Owner only.
    function pause() external onlyOwner {
        _pause();
    }

    /// @notice Lets transfers go on. Owner only.
    function unpause() external onlyOwner {
        _unpause();
    }

    /// @dev Both parents define it.
    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Pausable) {
        super._update(from, to, value);
    }
}

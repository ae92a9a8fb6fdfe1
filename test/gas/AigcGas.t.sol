// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {AigcBase} from "../utils/AigcBase.sol";

/// @notice Gas of registering, moving and lending models. Whole transactions: run with `--isolate`.
contract AigcGas is AigcBase {
    string private constant GROUP = "aigc";

    uint256 private _modelId;

    function setUp() public override {
        super.setUp();
        _register(alice);
        _register(bob);
        _modelId = _licensed();
    }

    function test_Register() external {
        _register(alice);
        assertLe(vm.lastCallGas().gasTotalUsed, 460_000);
        vm.snapshotGasLastCall(GROUP, "AIGC: register, for a fee, owner holds one already");
    }

    function test_Transfer() external {
        vm.prank(alice);
        aigc.transferFrom(alice, bob, _modelId);
        assertLe(vm.lastCallGas().gasTotalUsed, 48_000);
        vm.snapshotGasLastCall(GROUP, "AIGC: transfer, both hold already");
    }

    function test_TransferWithUser() external {
        vm.startPrank(alice);
        aigc.setUser(_modelId, mallory, type(uint64).max);
        aigc.transferFrom(alice, bob, _modelId);
        vm.snapshotGasLastCall(GROUP, "AIGC: transfer, both hold already, removes a user");
    }

    function test_BuyLicense() external {
        vm.startPrank(bob);
        aigc.buyLicense(_modelId, bob, 1, PERIOD, PRICE);
        vm.snapshotGasLastCall(GROUP, "AIGC: buy a first license");
        aigc.buyLicense(_modelId, bob, 1, PERIOD, PRICE);
        vm.snapshotGasLastCall(GROUP, "AIGC: renew a license");
    }

    function test_SetLicenseTerms() external {
        vm.prank(alice);
        aigc.setLicenseTerms(_modelId, PRICE + 1, PERIOD);
        vm.snapshotGasLastCall(GROUP, "AIGC: change the price of a license");
    }

    function test_SetUser() external {
        vm.prank(alice);
        aigc.setUser(_modelId, mallory, type(uint64).max);
        vm.snapshotGasLastCall(GROUP, "AIGC: lend to a first user");
    }
}

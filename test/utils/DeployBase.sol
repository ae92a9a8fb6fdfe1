// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";

import {AIGC} from "../../contracts/AIGC.sol";
import {GridAuthority} from "../../contracts/GridAuthority.sol";
import {GridNFT} from "../../contracts/GridNFT.sol";
import {GridSettlement} from "../../contracts/GridSettlement.sol";
import {WorkerRegistry} from "../../contracts/WorkerRegistry.sol";
import {AIPG} from "../../contracts/dev/AIPG.sol";
import {Deploy} from "../../script/Deploy.s.sol";
import {DeployConfig, Deployment} from "../../script/GridDeployment.sol";

/// @dev The whole protocol, deployed by the very script that deploys it anywhere.
abstract contract DeployBase is Test {
    DeployConfig internal config;
    Deployment internal grid;
    Deploy internal script;

    AIPG internal aipg;
    GridAuthority internal authority;
    AIGC internal aigc;
    GridSettlement internal settlement;
    WorkerRegistry internal registry;
    GridNFT internal nft;

    function setUp() public virtual {
        vm.warp(1_790_000_000);
        script = new Deploy();
        config = DeployConfig({
            deployer: makeAddr("deployer"),
            admin: makeAddr("admin"),
            upgrader: makeAddr("upgrader"),
            params: makeAddr("params"),
            curator: makeAddr("curator"),
            guardian: makeAddr("guardian"),
            treasury: makeAddr("treasury"),
            collectionOwner: makeAddr("collection owner"),
            aipg: address(0),
            registrationFee: 10e18,
            mintFee: 1e17,
            protocolBps: 250,
            contractURI: "ipfs://collection",
            externalUrl: "https://grid.example/token/",
            salt: keccak256("test")
        });
        grid = script.deploy(config);
        aipg = AIPG(grid.aipg);
        authority = GridAuthority(grid.authority);
        aigc = AIGC(grid.aigc);
        settlement = GridSettlement(grid.settlement);
        registry = WorkerRegistry(grid.registry);
        nft = GridNFT(grid.nft);
    }
}

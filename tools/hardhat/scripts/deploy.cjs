// Deploys and uses one contract on Hardhat's own network, from the artifacts that forge wrote.
const hre = require("hardhat");

async function main() {
  const [owner] = await hre.ethers.getSigners();
  const token = await (await hre.ethers.getContractFactory("AIPG")).deploy(owner.address);
  await token.mint(owner.address, 5n);
  const balance = await token.balanceOf(owner.address);
  if (balance.toString() !== "5") throw new Error(`balance is ${balance}, not 5`);
  console.log(`AIPG deployed to Hardhat's network at ${token.address}, balance ${balance}`);
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});

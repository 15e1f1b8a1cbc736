/** Loaded before a server: every question about a name goes to the test's own name server. */
import dns from "node:dns";

const { Resolver } = dns.promises;
dns.promises.Resolver = class extends Resolver {
  constructor(options) {
    super(options);
    this.setServers([process.env.TREEHOUSE_TEST_NAME_SERVER]);
  }
};

import type { Counter, Gauge, Metrics } from "@treehouse/protocol";

export interface AssetMetrics {
  /** By direction: `up`, `down`, `fetched`, `given`. */
  readonly octets: Counter;
  /** By state: `stored`, `copies`. */
  readonly bytes: Gauge;
  /** By reason. */
  readonly refused: Counter;
}

export function createMetrics(metrics: Metrics): AssetMetrics {
  return {
    octets: metrics.counter(
      "treehouse_asset_octets_total",
      "Octets of assets: uploaded, downloaded, fetched from and given to other servers.",
      ["direction"],
    ),
    bytes: metrics.gauge("treehouse_asset_bytes", "Octets of assets that are kept, by state.", [
      "state",
    ]),
    refused: metrics.counter(
      "treehouse_asset_peer_faults_total",
      "What other servers answered to requests for assets that is not right, by reason.",
      ["reason"],
    ),
  };
}

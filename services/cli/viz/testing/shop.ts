import type { MeshPod } from '../../mesh/mesh-pod.ts';
import { parseMetrics } from '../../metrics/parse-metrics.ts';
import { joinReadings } from '../../metrics/series.ts';
import type { PodSeries } from '../pod-series.ts';

/** A small mesh with two readings of its proxies, two seconds apart, as their pages say it. */
function createPod(name: string, more: Partial<MeshPod> = {}): MeshPod {
  const deployment = name.split('-')[0] ?? name;
  return {
    namespace: 'shop',
    name,
    ip: '10.42.0.9',
    phase: 'Running',
    serviceAccount: deployment,
    deployment,
    meshed: true,
    labels: { app: deployment },
    ...more,
  };
}

const web1 = createPod('web-5d-aaaaa');
const web2 = createPod('web-5d-bbbbb');
const traffic = createPod('traffic-77-ccccc');
const store = createPod('store-9f-ddddd');
const outsider = createPod('outsider-66-eeeee', { meshed: false });
const destination = createPod('linkerd-destination-8c-fffff', {
  namespace: 'linkerd',
  deployment: 'linkerd-destination',
  serviceAccount: 'linkerd-destination',
});

export const pods = [destination, outsider, store, traffic, web1, web2];
export const services = [
  { namespace: 'shop', name: 'web' },
  { namespace: 'shop', name: 'store' },
];

const FROM_TRAFFIC =
  'direction="inbound",target_addr="10.42.0.9:8080",target_ip="10.42.0.9",target_port="8080",tls="true",client_id="traffic.shop.serviceaccount.identity.linkerd.cluster.local",srv_group="",srv_kind="default",srv_name="all-unauthenticated",srv_port="8080"';
const PLAIN = FROM_TRAFFIC.replace(
  /tls="true",client_id="[^"]*"/,
  'tls="no_identity",no_tls_reason="no_tls_from_remote"',
);
const TO_WEB =
  'direction="outbound",target_addr="10.42.0.9:8080",tls="true",server_id="web.shop.serviceaccount.identity.linkerd.cluster.local",dst_control_plane_ns="linkerd",dst_deployment="web",dst_namespace="shop",dst_pod="web-5d-aaaaa",dst_service="web",dst_serviceaccount="web"';
const TO_STORE = TO_WEB.replaceAll('"web', '"store').replace('store-5d-aaaaa', 'store-9f-ddddd');
const TO_OUTSIDE =
  'direction="outbound",target_addr="10.42.0.7:8080",tls="no_identity",no_tls_reason="not_provided_by_service_discovery",dst_deployment="outsider",dst_namespace="shop",dst_pod="outsider-66-eeeee",dst_service="outsider"';

/** Of 10 answers in between 9 succeed; 8 took up to 1 ms, 2 up to 20 ms. */
const WEB1_BEFORE = `
request_total{${FROM_TRAFFIC}} 100
response_total{${FROM_TRAFFIC},status_code="200",classification="success",grpc_status="",error=""} 100
response_latency_ms_bucket{${FROM_TRAFFIC},status_code="200",le="1"} 90
response_latency_ms_bucket{${FROM_TRAFFIC},status_code="200",le="10"} 100
response_latency_ms_bucket{${FROM_TRAFFIC},status_code="200",le="20"} 100
response_latency_ms_bucket{${FROM_TRAFFIC},status_code="200",le="+Inf"} 100
response_latency_ms_sum{${FROM_TRAFFIC},status_code="200"} 100
tcp_open_connections{peer="src",${FROM_TRAFFIC}} 2
tcp_open_connections{peer="dst",direction="inbound",tls="no_identity",no_tls_reason="loopback"} 5
tcp_read_bytes_total{peer="src",${FROM_TRAFFIC}} 1000
tcp_write_bytes_total{peer="src",${FROM_TRAFFIC}} 4000
tcp_read_bytes_total{peer="dst",direction="inbound",tls="no_identity",no_tls_reason="loopback"} 700
`;
const WEB1_AFTER = `
request_total{${FROM_TRAFFIC}} 110
response_total{${FROM_TRAFFIC},status_code="200",classification="success",grpc_status="",error=""} 108
response_total{${FROM_TRAFFIC},status_code="503",classification="failure",grpc_status="",error=""} 1
response_total{${PLAIN},status_code="200",classification="success",grpc_status="",error=""} 1
response_latency_ms_bucket{${FROM_TRAFFIC},status_code="200",le="1"} 98
response_latency_ms_bucket{${FROM_TRAFFIC},status_code="200",le="10"} 108
response_latency_ms_bucket{${FROM_TRAFFIC},status_code="200",le="20"} 110
response_latency_ms_bucket{${FROM_TRAFFIC},status_code="200",le="+Inf"} 110
tcp_open_connections{peer="src",${FROM_TRAFFIC}} 2
tcp_open_connections{peer="src",${PLAIN}} 1
tcp_open_connections{peer="dst",direction="inbound",tls="no_identity",no_tls_reason="loopback"} 5
tcp_read_bytes_total{peer="src",${FROM_TRAFFIC}} 3000
tcp_write_bytes_total{peer="src",${FROM_TRAFFIC}} 4500
tcp_read_bytes_total{peer="dst",direction="inbound",tls="no_identity",no_tls_reason="loopback"} 9000
# EOF
`;
const TRAFFIC_BEFORE = `
response_total{${TO_WEB},status_code="200",classification="success",grpc_status="",error=""} 50
tcp_open_connections{peer="dst",${TO_WEB}} 1
`;
const TRAFFIC_AFTER = `
response_total{${TO_WEB},status_code="200",classification="success",grpc_status="",error=""} 58
response_latency_ms_bucket{${TO_WEB},status_code="200",le="1"} 0
response_latency_ms_bucket{${TO_WEB},status_code="200",le="2"} 8
response_latency_ms_bucket{${TO_WEB},status_code="200",le="+Inf"} 8
tcp_open_connections{peer="src",direction="outbound",target_addr="10.96.0.1:8080",tls="no_identity",no_tls_reason="loopback"} 30
tcp_open_connections{peer="dst",${TO_WEB}} 1
tcp_open_connections{peer="dst",${TO_OUTSIDE}} 1
`;
const WEB2_AFTER = `
tcp_open_connections{peer="dst",${TO_STORE}} 3
tcp_open_connections{peer="dst",${TO_WEB}} 0
`;
const STORE_AFTER = `tcp_open_connections{peer="src",${FROM_TRAFFIC}} 3\n`;

const WINDOW_SECONDS = 2;

/** Both readings of every meshed pod. */
export const readings: readonly PodSeries[] = [
  read(web1, WEB1_BEFORE, WEB1_AFTER),
  read(web2, '', WEB2_AFTER),
  read(traffic, TRAFFIC_BEFORE, TRAFFIC_AFTER),
  read(store, STORE_AFTER, STORE_AFTER),
  read(destination, '', ''),
];

function read(pod: MeshPod, before: string, after: string): PodSeries {
  return {
    pod,
    seconds: WINDOW_SECONDS,
    series: joinReadings(parseMetrics(before), parseMetrics(after)),
  };
}

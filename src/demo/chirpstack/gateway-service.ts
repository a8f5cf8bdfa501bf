import { GatewayServiceService } from '@chirpstack/chirpstack-api/api/gateway_grpc_pb.js'
import type {
  GetGatewayDutyCycleMetricsRequest,
  GetGatewayMetricsRequest,
  GetGatewayRequest,
  ListGatewaysRequest,
} from '@chirpstack/chirpstack-api/api/gateway_pb.js'
import type { Server } from '@grpc/grpc-js'
import { getGateway, listGateways } from './gateway-calls.ts'
import { getDutyCycleMetrics, getGatewayMetrics } from './gateway-metric-calls.ts'
import { redisOf, type ServiceParts } from './service-parts.ts'

export function addGatewayService(server: Server, parts: ServiceParts): void {
  const { calls, directory, clock, random } = parts
  const gatewayIdOf = (request: { getGatewayId(): string }): string => request.getGatewayId()
  server.addService(GatewayServiceService, {
    list: calls.unary(
      'GatewayService.List',
      (request: ListGatewaysRequest) => request.getTenantId(),
      (request, demand) => listGateways(directory, request, clock.now(), demand),
    ),
    get: calls.unary('GatewayService.Get', gatewayIdOf, (request: GetGatewayRequest, demand) =>
      getGateway(directory, request, demand),
    ),
    getMetrics: calls.unary('GatewayService.GetMetrics', gatewayIdOf, (request: GetGatewayMetricsRequest, demand) =>
      getGatewayMetrics(directory, redisOf(parts), random, request, demand),
    ),
    getDutyCycleMetrics: calls.unary(
      'GatewayService.GetDutyCycleMetrics',
      gatewayIdOf,
      (request: GetGatewayDutyCycleMetricsRequest, demand) =>
        getDutyCycleMetrics(directory, redisOf(parts), random, request, demand),
    ),
  })
}

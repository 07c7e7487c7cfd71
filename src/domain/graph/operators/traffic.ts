/** Gateway API: classes, gateways, routes. */
import type { OperatorReference } from './reference.ts';

export const trafficReferences: readonly OperatorReference[] = [
  {
    rule: 'gateway-class',
    from: ['Gateway.gateway.networking.k8s.io'],
    path: 'spec.gatewayClassName',
    to: ['GatewayClass.gateway.networking.k8s.io'],
    sentence: 'A Gateway is served by the controller of its GatewayClass.',
  },
  {
    rule: 'gateway-tls-secret',
    from: ['Gateway.gateway.networking.k8s.io'],
    path: 'spec.listeners[*].tls.certificateRefs[*]',
    to: ['Secret'],
    sentence: 'A listener proves who it is with the certificate in a Secret.',
  },
  {
    rule: 'gateway-client-ca',
    from: ['Gateway.gateway.networking.k8s.io'],
    path: 'spec.listeners[*].tls.frontendValidation.caCertificateRefs[*]',
    to: ['ConfigMap'],
    sentence: 'A listener checks its clients against certificates in a ConfigMap.',
  },
  {
    rule: 'gateway-parameters',
    from: ['GatewayClass.gateway.networking.k8s.io'],
    path: 'spec.parametersRef',
    to: 'named',
    stays: true,
    sentence: 'A GatewayClass names the object that configures its controller.',
  },
  {
    rule: 'route-parent',
    from: [
      'HTTPRoute.gateway.networking.k8s.io',
      'GRPCRoute.gateway.networking.k8s.io',
      'TLSRoute.gateway.networking.k8s.io',
      'TCPRoute.gateway.networking.k8s.io',
      'UDPRoute.gateway.networking.k8s.io',
    ],
    path: 'spec.parentRefs[*]',
    to: ['Gateway.gateway.networking.k8s.io', 'Service'],
    sentence: 'A route is attached to a Gateway, or to a Service of a mesh.',
  },
  {
    rule: 'route-backend',
    from: [
      'HTTPRoute.gateway.networking.k8s.io',
      'GRPCRoute.gateway.networking.k8s.io',
      'TLSRoute.gateway.networking.k8s.io',
      'TCPRoute.gateway.networking.k8s.io',
      'UDPRoute.gateway.networking.k8s.io',
    ],
    path: 'spec.rules[*].backendRefs[*]',
    to: ['Service'],
    sentence: 'A route sends traffic to a Service.',
  },
  {
    rule: 'route-mirror',
    from: ['HTTPRoute.gateway.networking.k8s.io', 'GRPCRoute.gateway.networking.k8s.io'],
    path: 'spec.rules[*].filters[*].requestMirror.backendRef',
    to: ['Service'],
    sentence: 'A route mirrors traffic to a Service.',
  },
  {
    rule: 'backend-tls-target',
    from: ['BackendTLSPolicy.gateway.networking.k8s.io'],
    path: 'spec.targetRefs[*]',
    to: ['Service'],
    sentence: 'A policy says how a Service is reached.',
  },
  {
    rule: 'backend-tls-ca',
    from: ['BackendTLSPolicy.gateway.networking.k8s.io'],
    path: 'spec.validation.caCertificateRefs[*]',
    to: ['ConfigMap', 'Secret'],
    namespace: 'same',
    sentence: 'A policy checks a Service against certificates.',
  },
];

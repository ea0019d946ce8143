#!/bin/sh
# Runs etcd, the controller manager and, in its own place, the API server: whoever kills this process kills the API server alone. The other
# two go on, and come back where they end, for as long as the directory is there.
# From the environment: KUBELITE, and the ports ETCD, PEER, API and CONTROLLERS. The current directory holds keys, tokens and the kubeconfig.
set -eu

keep() {
  name=$1
  shift
  [ -f "$name.pid" ] && kill -0 "$(cat "$name.pid")" 2>/dev/null && return
  (
    while [ -f kubeconfig ]; do
      "$KUBELITE" "$@" >>"$name.log" 2>&1 &
      child=$!
      while [ -f kubeconfig ] && kill -0 "$child" 2>/dev/null; do sleep 0.2; done
      kill -9 "$child" 2>/dev/null || true
      wait "$child" || true
    done
  ) >/dev/null 2>&1 &
  echo $! >"$name.pid"
}

keep etcd etcd --data-dir etcd --unsafe-no-fsync \
  --listen-client-urls "http://127.0.0.1:$ETCD" --advertise-client-urls "http://127.0.0.1:$ETCD" \
  --listen-peer-urls "http://127.0.0.1:$PEER" --initial-advertise-peer-urls "http://127.0.0.1:$PEER" \
  --initial-cluster "default=http://127.0.0.1:$PEER"
keep controllers kube-controller-manager --kubeconfig=kubeconfig --authentication-kubeconfig=kubeconfig --authorization-kubeconfig=kubeconfig \
  --bind-address=127.0.0.1 "--secure-port=$CONTROLLERS" --cert-dir=certs-controllers --leader-elect=false \
  --service-account-private-key-file=sa.key --horizontal-pod-autoscaler-sync-period=2s \
  --controllers=deployment-controller,replicaset-controller,statefulset-controller,horizontal-pod-autoscaler-controller,garbage-collector-controller,namespace-controller,disruption-controller,resourcequota-controller
# The certificate of the request header lets the aggregation layer call extension API servers, such as one for external metrics.
exec "$KUBELITE" kube-apiserver "--etcd-servers=http://127.0.0.1:$ETCD" "--secure-port=$API" --bind-address=127.0.0.1 --advertise-address=127.0.0.1 \
  --cert-dir=certs --service-cluster-ip-range=10.96.0.0/24 --service-account-issuer=https://kubernetes.default.svc \
  --service-account-key-file=sa.pub --service-account-signing-key-file=sa.key --api-audiences=kubernetes \
  --token-auth-file=tokens.csv --authorization-mode=RBAC --requestheader-client-ca-file=front.crt --requestheader-allowed-names=aggregator \
  --requestheader-extra-headers-prefix=X-Remote-Extra- --requestheader-group-headers=X-Remote-Group \
  --requestheader-username-headers=X-Remote-User --proxy-client-cert-file=aggregator.crt --proxy-client-key-file=aggregator.key \
  --disable-admission-plugins=ServiceAccount --endpoint-reconciler-type=none --profiling=false

# shellcheck shell=bash
# Which Debian packages the tools need, and how they get there. Sourced, not run.

# To build: what the linker of the Swift toolchain takes from the system, and our C libraries.
# shellcheck disable=SC2034  # used by the scripts that source this file
build_packages=(
  binutils ca-certificates git libc6-dev libfstrm-dev libgcc-12-dev libldns-dev libsimdjson-dev
  libsqlite3-dev libstdc++-12-dev pkg-config
)

# To look at a running server from outside.
# shellcheck disable=SC2034
client_packages=(
  bind9-dnsutils bind9-utils curl fstrm-bin iproute2 jq knot-dnsutils ldnsutils python3 valgrind
)

# To compare the answers of other servers with Rollcall's. tools/oracle keeps their installation
# from starting them.
# shellcheck disable=SC2034
oracle_packages=(bind9 knot nsd python3-dnspython)

# To measure Rollcall beside others. tools/bench keeps their installation from starting them.
# shellcheck disable=SC2034
bench_packages=(
  dnsperf etcd-server gcc knot libc6-dev nghttp2-client nsd pdns-backend-bind pdns-server wrk
)

# To trace the program's system calls, make them fail, and preload a library that lies to it.
# shellcheck disable=SC2034
durability_packages=(gcc libc6-dev strace)

# To keep a server busy and check its answers.
# shellcheck disable=SC2034
soak_packages=(python3-dnspython)

# To resolve as a client does, in a network of the tool's own.
# shellcheck disable=SC2034
drain_packages=(iproute2 python3-dnspython)

# To check what is told to Prometheus. tools/monitoring keeps its installation from starting it.
# shellcheck disable=SC2034
monitoring_packages=(prometheus python3-yaml)

# To drive a server from its OpenAPI document. The rest comes from PyPI (tools/lib/openapi).
# shellcheck disable=SC2034
openapi_packages=(python3-venv python3-yaml)

# To make a Debian package and to try it.
# shellcheck disable=SC2034
packaging_packages=(
  binutils bind9-dnsutils curl dpkg-dev git lintian mmdebstrap patchelf systemd systemd-container
)

# To look at the web page as its users do.
# shellcheck disable=SC2034
page_packages=(chromium chromium-driver fonts-liberation python3-selenium)

# To run a Python script in a network of its own, and to make a certificate.
# shellcheck disable=SC2034
python_packages=(iproute2 openssl util-linux)

# Clients of DNS, and what builds those that are made here. tools/clients keeps their installation
# from starting them. `dnsmasq` and `systemd-resolved` would take over this machine's resolver.
# shellcheck disable=SC2034
clients_packages=(
  bind9 bind9-dnsutils curl dnsmasq-base gcc golang-go haproxy iproute2 knot-dnsutils ldnsutils
  libc6-dev musl-tools nginx nodejs openjdk-17-jdk-headless openssh-client prometheus
  python3-dnspython python3-venv unbound
)

# To build the sender of tools/flood.
# shellcheck disable=SC2034
flood_packages=(gcc libc6-dev)

# require_packages PACKAGE... installs those that are missing. Without root it prints the command
# that would, and returns 1. Everything it says goes to stderr.
require_packages() {
  if ! command -v dpkg-query >/dev/null; then
    echo "note: not a Debian system; this needs what Debian calls: $*" >&2
    return 0
  fi
  local missing=() package
  for package in "$@"; do
    package_is_installed "$package" || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0

  local install=(apt-get install -y --no-install-recommends "${missing[@]}")
  if [[ $EUID -ne 0 ]]; then
    echo "Debian packages are missing. Please run this, then start again:" >&2
    echo "  sudo ${install[*]}" >&2
    return 1
  fi
  echo "installing Debian packages: ${missing[*]}" >&2
  local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=120)
  if ! "${apt[@]}" update </dev/null >&2 || ! "${apt[@]}" "${install[@]:1}" </dev/null >&2; then
    echo "error: could not install ${missing[*]}; try: ${install[*]}" >&2
    return 1
  fi
}

package_is_installed() {
  local status
  # shellcheck disable=SC2016  # the format is dpkg-query's, not the shell's
  status=$(dpkg-query -W -f='${db:Status-Status}\n' "$1" 2>/dev/null) || return 1
  [[ ${status%%$'\n'*} == installed ]]
}

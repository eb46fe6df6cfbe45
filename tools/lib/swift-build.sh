# shellcheck shell=bash
# The Swift toolchain and the release build. Sourced, not run.

# shellcheck source=tools/lib/debian-packages.sh
source "$(dirname "${BASH_SOURCE[0]}")/debian-packages.sh"

require_swift() {
  command -v swift >/dev/null && return 0
  echo "error: 'swift' is not on the PATH. Install Swift 6.3 for Debian 12 and start again." >&2
  return 1
}

# build_release REPOSITORY makes .build/release/rollcall there. When nothing has changed since the
# last build that succeeded, it returns without running the package manager. It writes to stderr.
build_release() {
  local repository=$1 stamp=$1/.build/release-inputs before
  before=$(release_inputs "$repository")
  if [[ -x $repository/.build/release/rollcall && -f $stamp &&
    $(<"$stamp") == "$before $(resolved_versions "$repository")" ]]; then
    return 0
  fi
  require_packages "${build_packages[@]}" || return 1
  require_swift || return 1
  rm -f "$stamp"
  if ! (cd "$repository" && swift build -c release --product rollcall) </dev/null >&2; then
    echo "error: the release build did not succeed; the reason is above" >&2
    return 1
  fi
  # The sources as they were before the build: one edited meanwhile is built the next time.
  echo "$before $(resolved_versions "$repository")" >"$stamp.$$"
  mv "$stamp.$$" "$stamp"
}

# One line that changes when a source is edited, added, renamed or deleted, or the toolchain is.
release_inputs() {
  {
    (cd "$1" && find Package.swift Sources -type f -printf '%p %T@ %s\n' | LC_ALL=C sort)
    stat -Lc '%n %Y %s' "$(command -v swift || echo /)"
  } | sha256sum | cut -d' ' -f1
}

# The build itself may write this file, so it counts as it is afterwards.
resolved_versions() {
  sha256sum 2>/dev/null <"$1/Package.resolved" | cut -d' ' -f1
}

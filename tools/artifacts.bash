# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # tools/fetch sets them.
#
# artifacts.bash - record files of Debian's, and put them into the cache
#
# For tools/fetch. A private apt configuration does the downloading and checks the
# signatures of package lists, so the system's apt is neither changed nor asked for
# another architecture.
#
# A WHAT is a word that names what files are fetched for, such as kernel/6.12. A line of the
# record, tools/artifacts.lock, is: WHAT PACKAGE VERSION SHA256 PATH

readonly keyring=/usr/share/keyrings/debian-archive-keyring.gpg
declare -A configured=()

# Only a process that changes the cache needs the lock; its contents are complete. So test
# again with the lock held: another fetch may have fetched the same files.
lock_cache()
{
	local lock

	[[ -z $work ]] || return 0
	exec {lock}>"$cache/lock"
	if ! flock -w 2 "$lock"; then
		say "waiting for another fetch"
		flock "$lock"
	fi
	work=$(mktemp -d "$cache/work.XXXXXX")
}

# --- Debian, as arm64 sees it ------------------------------------------------

# Package lists are kept for arm64 and, where something of Debian has to run on
# this machine, for this one's architecture: apt_sources ARCHITECTURE
apt_sources()
{
	local options="arch=$1 signed-by=$keyring" suite

	[[ $mirror != file:* ]] || options="arch=$1 trusted=yes"
	for suite in bookworm bookworm-backports trixie trixie-backports; do
		echo "deb [$options] $mirror/debian $suite main"
	done
	for suite in bookworm-security trixie-security; do
		echo "deb [$options] $mirror/debian-security $suite main"
	done
}

# Of the system's configuration only the way to the network is taken over.
apt_configuration()
{
	apt-config dump | grep -E '^Acquire::(http|https|Retries|ForceIPv|Check-)' || true
	cat <<END
#clear APT::Architectures;
APT::Architecture "$1";
APT::Architectures { "$1"; };
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Dir::State "$apt";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Log "$apt/log";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "$apt/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::trusted "/dev/null";
Dir::Etc::trustedparts "/dev/null";
END
}

# Makes a configuration for an architecture, which the functions below use: apt_use [ARCHITECTURE]
apt_use()
{
	local apt=$cache/apt-${1:-arm64}

	export APT_CONFIG=$apt/apt.conf
	[[ ! ${configured[${1:-arm64}]-} ]] || return 0
	configured[${1:-arm64}]=yes
	mkdir -p "$apt"/{lists/partial,cache/archives/partial,log}
	: >"$apt/status"
	apt_sources "${1:-arm64}" >"$apt/sources.list"
	# From where none of it is set.
	(unset APT_CONFIG; apt_configuration "${1:-arm64}") >"$work/apt.conf"
	mv "$work/apt.conf" "$apt/apt.conf"
}

# Reads the package lists of an architecture, once per run of this program.
apt_update()
{
	apt_use "${1:-arm64}"
	[[ ! -e $work/updated-${1:-arm64} ]] || return 0
	[[ $mirror == file:* || -e $keyring ]] || die "$keyring is missing: install debian-archive-keyring."
	say "reading Debian's package lists for ${1:-arm64}"
	# "any" error counts: an old list would look like a successful update.
	apt-get -qq update --error-on=any >&2 ||
		die "cannot read Debian's package lists; is the network up?"
	touch "$work/updated-${1:-arm64}"
}

# Lines of the record, without their first word, of what apt would download.
as_record()
{
	sed -nE "s|^'$mirror/([^']*)' ([^_]*)_([^_]*)_[^ ]* [0-9]+ SHA256:([0-9a-f]{64})\$|\2 \3 \4 \1|p" |
		sed 's/%3a/:/'
}

# Of a package, or of those that standard input lists; nothing if Debian does not have it:
# files PACKAGE|-
files()
{
	if [[ $1 != - ]]; then
		apt-get -qq download --print-uris "$1"
	else
		xargs -r apt-get -qq download --print-uris
	fi | as_record || true
}

# Of a package with all that it depends on, as if none of it were installed:
# files_closure PACKAGE [RELEASE]
files_closure()
{
	apt-get -qq -s --no-install-recommends ${2:+-o APT::Default-Release="$2"} install "$1" |
		sed -nE 's/^Inst ([^ ]+) \(([^ ]+) .*/\1=\2/p' | files -
}

# Prints what a package depends on and matches: needs PACKAGE PATTERN
needs()
{
	apt-cache depends --important "$1" | sed -nE "s/^ *Depends: ($2)\$/\1/p"
}

# --- What is recorded --------------------------------------------------------

# Prints the lines that count for a WHAT: the replacement of files that Debian does not have any
# more is in the cache, for as long as the record has these.
lines_of()
{
	local file

	for file in "$work/fresh/${1//\//+}" "$(replacement_of "$1")"; do
		if [[ -e $file ]]; then
			cat "$file"
			return
		fi
	done
	recorded "$1"
}

recorded()
{
	awk -v what="$1" '$1 == what' "$record"
}

# The file in which the replacement of a WHAT is.
replacement_of()
{
	echo "$cache/replaced/${1//\//+}-$(recorded "$1" | digest)"
}

digest()
{
	sha256sum | cut -c 1-16
}

# Replaces the recorded files by the newest that Debian has, on this machine: renew WHAT
renew()
{
	local file

	lock_cache
	file=$(replacement_of "$1")
	mkdir -p "$cache/replaced"
	resolve "$1" >"$work/renewed"
	! cmp -s "$work/renewed" "$file" ||
		die "Debian's package lists have files that its mirror does not have: try again later."
	mv "$work/renewed" "$file"
	say "taking $(awk '{ print $2, $3; exit }' "$file") instead; tools/fetch --refresh records it"
}

# Records the newest that Debian has: refresh WHAT..., a kernel before the files that depend on it
refresh()
{
	local what

	lock_cache
	mkdir -p "$work/fresh"
	for what; do
		resolve "$what" >"$work/resolved"
		mv "$work/resolved" "$work/fresh/${what//\//+}"
	done
	{
		sed -n '/^#/p' "$record"
		{ awk '!/^#/ { print $1 }' "$record"; printf '%s\n' "$@"; } | sort -Vu | while read -r what; do
			# Never files that are only on this machine.
			cat "$work/fresh/${what//\//+}" 2>/dev/null || recorded "$what"
		done
	} >"$work/record"
	cmp -s "$work/record" "$record" || cp "$work/record" "$record"
}

# --- Files and their contents -----------------------------------------------

# Puts a file into the cache; fails if Debian does not have it any more: download HASH PATH NAME
download()
{
	local hash

	[[ ! -e $cache/files/$1 ]] || return 0
	lock_cache
	apt_use
	mkdir -p "$cache/files"
	say "downloading $3"
	if ! /usr/lib/apt/apt-helper download-file "$mirror/$2" "$work/file" >"$work/said" 2>&1; then
		! grep -qE '\b404\b|File not found' "$work/said" || return 1
		cat "$work/said" >&2
		die "cannot download $mirror/$2; is the network up?"
	fi
	hash=$(sha256sum <"$work/file")
	[[ ${hash%% *} == "$1" ]] ||
		die "$mirror/$2 is not the file that is recorded: its SHA-256 is ${hash%% *} and not $1."
	# For a directory it is a link.
	cp -L "$work/file" "$work/whole"
	mv "$work/whole" "$cache/files/$1"
	rm "$work/file"
}

# Puts all files of a WHAT into the cache: bring WHAT
bring()
{
	local what package version hash path

	if [[ ! $(lines_of "$1") ]]; then
		say "tools/artifacts.lock does not have $1"
		renew "$1"
	fi
	while read -r what package version hash path; do
		if ! download "$hash" "$path" "$package $version"; then
			say "Debian no longer has $package $version"
			renew "$what"
			bring "$what"
			return
		fi
	done < <(lines_of "$1")
}

# Unpacks the files of a WHAT: unpack DIRECTORY WHAT
unpack()
{
	local hash

	mkdir -p "$1"
	lines_of "$2" | cut -d ' ' -f 4 | while read -r hash; do
		dpkg-deb -x "$cache/files/$hash" "$1"
	done
}

# Makes a directory of the cache out of WHATs, unless it is there; $provided is its path:
# provide NAME ARRANGE WHAT...; ARRANGE DIRECTORY PLACE WHAT... makes the first for the second.
provide()
{
	local what place

	place_of "$1" "${@:3}"
	[[ ! -e $provided ]] || return 0
	for what in "${@:3}"; do
		bring "$what"
	done
	# A file may have been replaced.
	place_of "$1" "${@:3}"
	place=$provided
	lock_cache
	if [[ ! -e $place ]]; then
		"$2" "$work/made-$1" "$place" "${@:3}"
		mkdir -p "$cache/unpacked"
		mv "$work/made-$1" "$place"
	fi
	provided=$place
}

# Sets $provided to the directory for WHATs: place_of NAME WHAT...
place_of()
{
	local what

	provided=$cache/unpacked/$1-$(for what in "${@:2}"; do lines_of "$what"; done | cut -d ' ' -f 4 | digest)
}

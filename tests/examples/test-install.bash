# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # run sets them.
#
# make install: the installed files are read back and used as a user would

root=$work/root
away=$work/away
prefix=$root/opt/psci
version=$(sed -n 's/^#define DORMOUSE_VERSION "\(.*\)"$/\1/p' vmm/base/version.h)
mkdir "$away"

# install_here [VARIABLE=VALUE]...
install_here()
{
	make --no-print-directory install "DESTDIR=$root" PREFIX=/opt/psci "$@"
}

# all_there FILE...
all_there()
{
	local file

	for file; do
		if [[ ! -s $prefix/$file ]]; then
			echo "there is no $prefix/$file" >"$output"
			return 1
		fi
	done
}

# Prints the files that the tree has for a user, where make install puts them.
expected_files()
{
	local file

	printf '%s\n' lib/systemd/{system,user}/dormouse{@,-resume}.service lib/sysusers.d/dormouse.conf \
		libexec/dormouse/dormouse-unit share/bash-completion/completions/dormouse
	printf '%s\n' bin/dormouse lib/libpsci.a lib/pkgconfig/libpsci.pc share/dormouse/psci-conform.img
	for file in include/psci/*.h; do
		echo "$file"
	done
	for file in man/*.[1-9]; do
		echo "share/man/man${file##*.}/${file##*/}"
	done
	for file in README.md CHANGELOG.md LICENSE docs/*.md; do
		echo "share/doc/dormouse/${file##*/}"
	done
	for file in examples/*.[chS] examples/*.ld; do
		echo "share/doc/dormouse/$file"
	done
}

# Nothing that was installed is empty, a link to nowhere, or unreadable for others.
all_usable()
{
	find "$root" \( -type f \( -size 0 -o ! -perm -444 \) -o ! -type f ! -type d \) >"$output"
	[[ ! -s $output ]]
}

# package WORD...: pkg-config of what is installed
package()
{
	PKG_CONFIG_PATH=$prefix/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root pkg-config "$@" libpsci
}

# The compiler gets of the tree what pkg-config names, and the example.
compile_away()
{
	local flags

	cp "$prefix"/share/doc/dormouse/examples/{embed.c,fake-cpu.h} "$away"
	cd "$away" || return
	read -ra flags < <(package --cflags --libs)
	"${CC:-gcc}" -Wall -Wextra -Werror -Wno-unused-parameter embed.c "${flags[@]}" -pthread
}

# Each header by itself: a program of its own that includes nothing else.
headers_stand_alone()
{
	local header flags

	read -ra flags < <(package --cflags)
	for header in "$prefix"/include/psci/*.h; do
		echo "#include <psci/${header##*/}>" |
			"${CC:-gcc}" -std=c11 -Wall -Wextra -Werror "${flags[@]}" -fsyntax-only -x c - || return
	done
}

# Prints the version that a program compiled with what is installed sees.
header_version()
{
	local flags

	read -ra flags < <(package --cflags)
	cat >"$away/version.c" <<'EOF'
#include <psci/version.h>
#include <stdio.h>
#if LIBPSCI_VERSION < 0x000100
#error The version cannot be compared.
#endif
int main(void)
{
	printf("%d.%d.%d\n", LIBPSCI_VERSION_MAJOR, LIBPSCI_VERSION_MINOR, LIBPSCI_VERSION_PATCH);
	return 0;
}
EOF
	"${CC:-gcc}" -Wall -Wextra -Werror "${flags[@]}" -o "$away/version" "$away/version.c" &&
		"$away/version"
}

# Prints a page's text; its last line names the version.
page()
{
	mandoc -T ascii -W error "$1" | sed 's/.\x08//g'
}

pages_render()
{
	local page

	for page in "$prefix"/share/man/man*/*; do
		page "$page" >"$output" || return
		grep -q '^NAME$' "$output" && grep -q '^DESCRIPTION$' "$output" || return
	done
}

# Prints the versions that pages name at their foot; psci_hibernate(7) is the module's.
pages_versions()
{
	local page

	for page in "$prefix"/share/man/man*/*; do
		[[ $page == */psci_hibernate.7 ]] || page "$page" | tail -n 1 | awk '{ print $1, $2 }'
	done | sort -u
}

# The newest version that the CHANGELOG names is this one, or is before it while
# what will become this one is under "Unreleased".
changelog_agrees()
{
	local newest released

	newest=$(sed -n 's/^## //p' "$prefix/share/doc/dormouse/CHANGELOG.md" | head -n 1)
	released=$(sed -n 's/^## \([0-9][0-9.]*\).*/\1/p' "$prefix/share/doc/dormouse/CHANGELOG.md" | head -n 1)
	case $newest in
	"$version" | "$version "*) ;;
	Unreleased)
		[[ ! $released ]] || { [[ $released != "$version" ]] &&
			[[ $(printf '%s\n' "$released" "$version" | sort -V | head -n 1) == "$released" ]]; }
		;;
	*) return 1 ;;
	esac
}

# Prints what dormouse says of its version; where it cannot run, what it would say.
program_version()
{
	if [[ $(uname -m) == aarch64 ]]; then
		"$prefix/bin/dormouse" --version
	else
		grep -aoE 'dormouse [0-9]+\.[0-9]+\.[0-9]+[^[:print:]]' "$prefix/bin/dormouse" | tr -d '\0\n'
	fi
}

# The payload as the Image that its header says that it is.
boot_payload()
{
	runs qemu-system-aarch64 -cpu cortex-a72 -smp 2 -nic none -display none -monitor none \
		-serial stdio -machine virt,gic-version=3 -m 128M -append tests=version \
		-kernel "$prefix/share/dormouse/psci-conform.img"
}

ok "make install succeeds" runs_here install_here
mapfile -t expected < <(expected_files)
ok "make install installs headers, the library, programs, man pages and documents" all_there "${expected[@]}"
is "make install installs no other file" "$(find "$prefix" -type f -printf '%P\n' | sort)" \
	"$(printf '%s\n' "${expected[@]}" | sort)"
ok "make install installs no empty or unreadable file" all_usable
is "make install installs everything below its prefix" "$(cd "$root" && echo ./* ./*/*)" "./opt ./opt/psci"

ok "libpsci.pc has a version" [ "$version" ]
is "pkg-config --modversion libpsci prints the version" "$(package --modversion)" "$version"
is "LIBPSCI_VERSION in the installed headers equals pkg-config --modversion" "$(header_version)" \
	"$(package --modversion)"
ok "pkg-config accepts libpsci of at least its own version" package --atleast-version="$version"
ok "pkg-config refuses libpsci of at least a later version" fails package --atleast-version="$version.1"
is "libpsci.pc has a value for each word" "$(grep -E '@|[:=] *$' "$prefix/lib/pkgconfig/libpsci.pc")" ""
is "dormouse --version prints the version of libpsci.pc" "$(program_version)" "dormouse $version"
is "the man pages have the version of libpsci.pc" "$(pages_versions)" "dormouse $version"
ok "CHANGELOG.md has the version of libpsci.pc" changelog_agrees

is "the installed units run what is installed" "$(sed -n 's/^Exec[A-Za-z]*=-*\([^ ]*\).*/\1/p' "$prefix"/lib/systemd/*/*.service |
	sort -u)" /opt/psci/libexec/dormouse/dormouse-unit
ok "embed.c compiles outside of the tree with pkg-config's flags" runs_here compile_away
ok "embed.c compiled with pkg-config's flags runs" runs "$away/a.out"
is "embed.c compiled with pkg-config's flags ends hibernated" "$(said machine | tail -n 1)" hibernated
ok "each installed header compiles alone" runs_here headers_stand_alone
ok "every installed man page can be read" pages_render
ok "the installed psci-conform.img boots" boot_payload
is "the installed psci-conform.img reports no failure" "$(grep -c '^# summary .* fail=0 ' "$output")" 1

ok "make install LIBRARY=arm64 succeeds" runs_here install_here LIBRARY=arm64
ok "make install LIBRARY=arm64 installs the library for arm64" \
	cmp "$prefix/lib/libpsci.a" "$build/arm64/libpsci.a"
ok "make uninstall succeeds" runs make --no-print-directory uninstall "DESTDIR=$root" PREFIX=/opt/psci
is "make uninstall leaves no file" "$(find "$root" ! -type d)" ""
is "make uninstall leaves no directory of its own" \
	"$(find "$root" -type d \( -name psci -path '*/include/*' -o -name dormouse \
	-o -name examples \))" ""

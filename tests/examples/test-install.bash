# SPDX-License-Identifier: BSD-3-Clause
# shellcheck shell=bash disable=SC2154 # run sets them.
#
# make install, and a program that is built with nothing but what that installed

root=$work/root
away=$work/away
mkdir "$away"

# all_there DIR FILE...
all_there()
{
	local dir=$1 file

	shift
	for file; do
		if [[ ! -s $dir/$file ]]; then
			echo "there is no $dir/$file" >"$output"
			return 1
		fi
	done
}

# The compiler gets of the tree what pkg-config names, and the example.
compile_away()
{
	local flags

	cp "$root"/opt/psci/share/doc/dormouse/examples/{embed.c,imitated-cpu.h} "$away"
	cd "$away" || return
	export PKG_CONFIG_PATH=$root/opt/psci/lib/pkgconfig PKG_CONFIG_SYSROOT_DIR=$root
	read -ra flags < <(pkg-config --cflags --libs libpsci)
	"${CC:-gcc}" -Wall -Wextra -Werror -Wno-unused-parameter embed.c "${flags[@]}" -pthread
}

ok "make install" runs make --no-print-directory install "DESTDIR=$root" PREFIX=/opt/psci
ok "it installs a header, the library, programs, man pages and documents" \
	all_there "$root/opt/psci" include/psci/psci.h lib/libpsci.a bin/dormouse \
	share/dormouse/psci-conform.img share/man/man1/dormouse.1 share/doc/dormouse/README.md
is "it installs everything below its prefix" "$(cd "$root" && echo ./* ./*/*)" "./opt ./opt/psci"
is "pkg-config knows the version" \
	"$(PKG_CONFIG_PATH=$root/opt/psci/lib/pkgconfig pkg-config --modversion libpsci)" \
	"$(sed -n 's/^#define DORMOUSE_VERSION "\(.*\)"/\1/p' vmm/main.c)"
ok "embed.c compiles elsewhere, with what pkg-config says" runs_here compile_away
ok "and runs" runs "$away/a.out"
is "and hibernates" "$(said machine | tail -n 1)" hibernated
ok "make install LIBRARY=arm64" \
	runs make --no-print-directory install LIBRARY=arm64 "DESTDIR=$root" PREFIX=/opt/psci
ok "its library is that for arm64" cmp "$root/opt/psci/lib/libpsci.a" "$build/arm64/libpsci.a"
ok "make uninstall" runs make --no-print-directory uninstall "DESTDIR=$root" PREFIX=/opt/psci
is "it leaves no file" "$(find "$root" -type f)" ""

# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# Performance Co-Pilot: pmcd with pmdaproc, and pmlogger, which asks for user and
# system time of all processes. Their other features are left out.
pcp=/usr/lib/pcp/bin
dir=/tmp/pcp

configure() {
	rm -rf $dir
	mkdir -p $dir /run/pcp /var/log/pcp/pmcd /var/lib/pcp/tmp/pmlogger \
		/var/tmp
	cd /var/lib/pcp/pmns || exit
	$pcp/pmnsmerge root_pmcd root_proc $dir/pmns
	{
		printf 'pmcd 2 dso pmcd_init /var/lib/pcp/pmdas/pmcd/pmda_pmcd.so\n'
		printf 'proc 3 pipe binary /var/lib/pcp/pmdas/proc/pmdaproc -d 3 -A\n'
	} >$dir/pmcd.conf
	echo "log mandatory on $1 sec { proc.psinfo.utime proc.psinfo.stime }" \
		>$dir/pmlogger.conf
}

case $1 in
start)
	configure "$2"
	cd $dir || exit
	$pcp/pmcd -f -n pmns -c pmcd.conf -l pmcd.log -U root -s $dir/socket &
	# Its log names the agents once they answer.
	until grep -q '^proc ' pmcd.log 2>/dev/null; do
		kill -0 $! || exit
		sleep 0.1
	done
	exec $pcp/pmlogger -h local://$dir/socket -c pmlogger.conf \
		-l pmlogger.log archive ;;
seen)	# A line "metric" each, then one for each process: inst [N or "PID name"]
	# value MS, since the start of the process.
	cd $dir || exit
	pmdumplog -n pmns archive | awk '
		/^ *3\..*proc.psinfo/ { metric = $1 }
		/inst \[.* load/ { last[metric, $2] = $NF }
		END { for (i in last) ms += last[i]; print ms + 0 }' ;;
esac

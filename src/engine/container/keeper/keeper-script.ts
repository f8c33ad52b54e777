/**
 * The keeper of a root: one shell (a megabyte, where a Node process would be forty) that looks after what must go on
 * with no plimsoll running. It carries out health checks, and sees that logs are rotated. It lives while a container
 * of the root runs, and does nothing by itself that needs the database: for that it starts plimsoll, which is seldom.
 *
 * It sleeps until something is due or somebody writes a line into its fifo:
 *   scan                       there are containers it may not know
 *   tick TIME                  the sleep that it had ordered until TIME is over
 *   end ID NUMBER CODE         a probe has ended
 *   told ID RUN STATUS|-       plimsoll has (or has not) taken notice of a new status
 *   rotated ID                 plimsoll is done with a log
 *   settled                    plimsoll has looked after a container whose monitor was killed
 * Times are hundredths of a second since boot: no clock that is set moves them. A probe's result is a line in the
 * container's `health/log` (BEGAN ENDED CODE STATUS STREAK SLOT), the first 4 KiB of its output are in `health/out.SLOT`.
 *
 * A container's `log-limit` has the bytes above which its log is to be rotated, if it is.
 *
 * Arguments: run folder, data folder, runtime, where that has its state (its first global argument), its other global
 * arguments as one (words without blanks; empty: none), then plimsoll's command line up to the verb of `internal`.
 */
export const keeperScript = `
run=$1 data=$2 runtime=$3 state=$4 flags=$5; shift 5
cd / && umask 077 && mkdir -p "$run/keeper" || exit
trap '' HUP INT
exec 9>"$run/keeper/lock"
tries=0
until flock -n 9; do # another may be just about to leave
  tries=$((tries + 1)); [ $tries -lt 20 ] || exit 0
  sleep 0.1
done
rm -f "$run/keeper/fifo"; mkfifo "$run/keeper/fifo" || exit
exec 8<>"$run/keeper/fifo"

jobs='' number=0 armed=0 scan_at=0 busy=0 found=1 settling=0

tick() { read -r up _ < /proc/uptime; t=\${up%.*}\${up#*.}; }

sign_on() {
  read -r words < "/proc/$$/stat"
  set -- \${words##*) }; shift 19
  echo "$$ $1" > "$run/keeper/pid"
}

# Waiting for the next probe: the interval, or the start interval until the first good result within the start period.
wait_for_next() {
  eval "s=\\$start_$1 p=\\$period_$1 x=\\$status_$1 every=\\$every_$1"
  if [ "$x" = starting ] && [ $(($2 - s)) -lt "$p" ]; then eval "every=\\$early_$1"; fi
  eval "phase_$1=wait due_$1=$(($2 + every))"
}

load() {
  dir=$run/containers/$1/health
  { read -r r every timeout period early retries start < "$dir/job"; } 2>/dev/null || return 1
  last=$start x=starting k=0 old=0 slot=0
  if [ -f "$dir/log" ]; then
    while read -r _ e _ x k slot; do last=$e old=$((old + 1)); done < "$dir/log"
  fi
  eval "run_$1=$r every_$1=$every timeout_$1=$timeout period_$1=$period early_$1=$early retries_$1=$retries"
  eval "start_$1=$start status_$1=$x streak_$1=$k slot_$1=$slot lines_$1=$old telling_$1= number_$1=0 reader_$1="
  [ $x = starting ] && x='' # else the last keeper may not have had the time to tell
  eval "untold_$1=$x"
  wait_for_next "$1" "$last"
}

forget() {
  kept=''
  for one in $jobs; do [ "$one" = "$1" ] || kept="$kept $one"; done
  jobs=$kept
}

# A container and its monitor that are both gone, without a word of the monitor: killed. plimsoll finds so by itself,
# and does what the restart policy says, but nobody calls it. At the second look, as ends are usually settled soon; and
# one after the other.
check() {
  id=$1 here=$2; shift 2
  container='' monitor=''
  { read -r container < "$here/pidfile"; } 2>/dev/null # there is no newline: it fails, and reads
  { read -r monitor < "$here/conmon.pid"; } 2>/dev/null
  eval "gone=\\\${gone_$id:-0}"
  if [ -z "$container" ] || [ -z "$monitor" ] || [ -d "/proc/$container" ] || [ -d "/proc/$monitor" ]; then
    [ "$gone" = 0 ] || eval "gone_$id=0"
    return
  fi
  eval "gone_$id=1"
  [ "$gone" = 1 ] && [ $settling = 0 ] || return
  settling=1 busy=$((busy + 1))
  {
    exec 9>&-
    while pause=$("$@" exited "$id" </dev/null 2>/dev/null 8>&-) && [ -n "$pause" ]; do sleep "$pause" 8>&-; done
    echo settled >&8
  } &
}

scan() {
  found=0
  for dir in "$run"/containers/*/; do
    id=\${dir%/} id=\${id##*/}
    [ \${#id} -eq 64 ] || continue
    found=1
    check "$id" "$dir" "$@"
    limit=''
    { read -r limit < "$dir/log-limit"; } 2>/dev/null
    eval "limit_$id=$limit"
    { read -r r _ < "$dir/health/job"; } 2>/dev/null || continue
    case $jobs in *"$id"*) eval "[ $r = \\$run_$id ]" && continue; forget "$id" ;; esac
    load "$id" && jobs="$jobs $id"
  done
}

probe() {
  number=$((number + 1)) dir=$run/containers/$1/health
  eval "slot_$1=\\$(((slot_$1 + 1) % 6)) number_$1=$number began_$1=$t phase_$1=probe due_$1=\\$((t + timeout_$1))"
  eval "slot=\\$slot_$1 reader=\\$reader_$1"
  [ -z "$reader" ] || end_reader "$reader"
  true > "$dir/pid" # not ":", a special builtin: where the folder has just gone, the shell would go too
  # By exec alone a descriptor is closed for good: a redirected group keeps a copy, and with it the lock.
  {
    exec 9>&-
    "$runtime" "$state" $flags exec --process "$dir/process.json" --pid-file "$dir/pid" "$1" </dev/null 2>&1 8>&-
    echo "end $1 $number $?" >&8
  } | {
    exec 8>&- 9>&-
    dd bs=1 count=4096 of="$dir/out.$slot" 2>/dev/null # as it comes, not when the pipe is closed
    exec cat >/dev/null
  } &
  eval "reader_$1=$!"
}

# A daemon that the last probe left has kept the pipe open, and with it its reader.
end_reader() {
  { read -r words < "/proc/$1/stat"; } 2>/dev/null || return
  set -- "$1" \${words##*) }
  [ "$3" = $$ ] || return # ended, and the number is another's
  kids=''
  { read -r kids < "/proc/$1/task/$1/children"; } 2>/dev/null
  kill -9 "$1" $kids 2>/dev/null
}

# What came of a probe: docker's rules. In the start period a failure of what never was healthy does not count.
result() {
  eval "x=\\$status_$1 k=\\$streak_$1 b=\\$began_$1 s=\\$start_$1 p=\\$period_$1 n=\\$retries_$1 slot=\\$slot_$1"
  if [ "$2" = 0 ]; then x=healthy k=0
  elif [ "$x" != starting ] || [ $((b - s)) -ge "$p" ]; then
    k=$((k + 1)); [ "$k" -lt "$n" ] || x=unhealthy
  fi
  log=$run/containers/$1/health/log
  { echo "$b $t $2 $x $k $slot" >> "$log"; } 2>/dev/null
  eval "y=\\$status_$1 untold=\\$untold_$1"
  # No more than the latest few: plimsoll may be gone for good.
  [ "$x" = "$y" ] || [ \${#untold} -gt 100 ] || eval "untold_$1='$untold\${untold:+ }$x'"
  eval "status_$1=$x streak_$1=$k lines_$1=\\$((lines_$1 + 1)); old=\\$lines_$1"
  if [ "$old" -ge 64 ]; then
    { tail -n 5 "$log" > "$log.new" && mv "$log.new" "$log"; } 2>/dev/null
    eval "lines_$1=5"
  fi
  wait_for_next "$1" "$t"
}

# Tells plimsoll of each change of status, one after the other; one that it does not take is told again after a result.
tell() {
  id=$1; shift
  eval "untold=\\$untold_$id telling=\\$telling_$id r=\\$run_$id"
  [ -n "$untold" ] && [ -z "$telling" ] || return
  set -- "\${untold%% *}" "$@"
  eval "telling_$id=$1"; busy=$((busy + 1))
  {
    exec 9>&-
    x=$1; shift
    "$@" health "$id" "$r" "$x" </dev/null >/dev/null 2>&1 8>&- || x=-
    echo "told $id $r $x" >&8
  } &
}

# Something is due: a probe, or the end of the time for one.
handle() {
  id=$1; shift
  eval "phase=\\$phase_$id r=\\$run_$id"
  dir=$run/containers/$id now=''
  { read -r now < "$dir/run"; } 2>/dev/null
  if [ "$now" != "$r" ]; then forget "$id"
  elif [ $phase = wait ] && [ -e "$dir/health/paused" ]; then eval "due_$id=$((t + 100))"
  elif [ $phase = wait ]; then probe "$id"
  elif [ $phase = probe ]; then
    pid=''
    { read -r pid < "$dir/health/pid"; } 2>/dev/null # there is no newline: it fails, and reads
    [ -z "$pid" ] || kill -9 -- "-$pid" "$pid" 2>/dev/null # it leads a session: what it has started too
    eval "phase_$id=killed due_$id=$((t + 100))"
  else
    eval "number_$id=0" # nobody hears of its end: it does not count any more
    result "$id" -1; tell "$id" "$@"
  fi
}

large() {
  stat -c '%s %n' "$data"/containers/*/ctr.log 2>/dev/null | while read -r size path; do
    id=\${path%/*} id=\${id##*/}
    eval "limit=\\\${limit_$id:-}"
    [ -n "$limit" ] && [ "$size" -gt "$limit" ] && echo "$id"
  done
}

rotate() {
  for id in $(large); do
    eval "y=\\\${rotating_$id:-}"
    [ -z "$y" ] || continue
    eval "rotating_$id=1"; busy=$((busy + 1))
    { exec 9>&-; "$@" rotate "$id" </dev/null >/dev/null 2>&1 8>&-; echo "rotated $id" >&8; } &
  done
}

arm() {
  [ $armed = 0 ] || [ "$next" -lt $armed ] || return
  armed=$next d=$((next - t)); [ $d -gt 0 ] || d=1
  hundredths=$((d % 100)); [ $hundredths -gt 9 ] || hundredths=0$hundredths
  { exec 9>&-; sleep "$((d / 100)).$hundredths" 8>&-; echo "tick $next" >&8; } &
}

leave() {
  true > "$run/keeper/left"
  rm -f "$run/keeper/pid" # whoever comes from now on starts another
  scan "$@"
  [ $found = 0 ] && rm -f "$run/keeper/fifo" && exit
  sign_on
}

sign_on
while :; do
  tick
  if [ "$t" -ge "$scan_at" ]; then
    scan "$@"
    [ $found = 1 ] || [ $busy -gt 0 ] || leave "$@"
    rotate "$@"
    jobs > /dev/null 2>&1 # lets ended children go
    scan_at=$((t + 500))
  fi
  next=$scan_at
  for each in $jobs; do
    eval "d=\\$due_$each"
    if [ "$d" -le "$t" ]; then handle "$each" "$@"; eval "d=\\$due_$each"; fi
    if [ "$d" -gt "$t" ] && [ "$d" -lt "$next" ]; then next=$d; fi
  done
  arm
  read -r event a b c <&8 || continue
  case $event in
    tick) [ "$a" = "$armed" ] && armed=0 ;;
    scan) scan_at=0 ;;
    end)
      eval "n=\\\${number_$a:-0} phase=\\\${phase_$a:-}"
      if [ "$n" = "$b" ]; then
        tick
        [ "$phase" = killed ] && c=-1
        result "$a" "$c"; tell "$a" "$@"
      fi ;;
    told)
      busy=$((busy - 1))
      eval "r=\\\${run_$a:-}"
      if [ "$r" = "$b" ]; then
        eval "telling_$a= untold=\\$untold_$a"
        if [ "$c" != - ]; then
          case $untold in *' '*) eval "untold_$a='\${untold#* }'" ;; *) eval "untold_$a=" ;; esac
          tell "$a" "$@"
        fi
      fi ;;
    settled) busy=$((busy - 1)) settling=0 scan_at=0 ;;
    rotated) busy=$((busy - 1)); eval "rotating_$a=" ;;
  esac
done`;

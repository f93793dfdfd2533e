#!/usr/bin/env bash
# Runs fishermerge as a PBS job that continues by itself when its time is over. With the program built, on a login node:
#
#   launch/pbs.sh [OPTION OF QSUB…] -- ARGUMENT…
#   launch/pbs.sh -l select=4:ncpus=16:mpiprocs=16 -l walltime=12:00:00 -- merge recipe.yaml --output merged
#
# PBS sends no signal before a job's time is over, so the program is told when to stop (--max-time): a margin before
# that. It then writes a checkpoint and leaves with code 75, and the job submits itself again.
#
# Variables that a user may set, beside those of launch/environment:
#   FISHERMERGE_MARGIN     seconds to keep for the last block, the checkpoint and the end (default 300)
#   FISHERMERGE_REQUEUES   how often the job may submit itself again (default 50)
set -euo pipefail
# shellcheck source=launch/environment
source "$(dirname "${BASH_SOURCE[0]}")/environment"

usage() {
  sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 64
}

# How often the job was submitted before, where this is the job.
count=
if [[ ${1:-} == --job ]]; then
  count=$2
  shift 2
fi
options=()
while (($# > 0)) && [[ $1 != -- ]]; do
  options+=("$1")
  shift
done
(($# > 1)) || usage
shift

# Submits what runs this script as a job. The job comes by standard input, because not every qsub takes arguments.
submit() { # COUNT OPTION…
  local count=$1 name
  shift
  {
    echo '#!/usr/bin/env bash'
    printf 'cd %q\n' "$PWD"
    for name in FISHERMERGE FISHERMERGE_CORETYPE FISHERMERGE_NETWORK FISHERMERGE_MARGIN FISHERMERGE_REQUEUES \
      FISHERMERGE_STALL_SECONDS OPENBLAS_NUM_THREADS HF_HOME HF_HUB_CACHE PATH LD_LIBRARY_PATH "${!OMPI_MCA_@}"; do
      if [[ -n ${!name:-} ]]; then printf 'export %s=%q\n' "$name" "${!name}"; fi
    done
    printf 'exec %q --job %d' "$repository/launch/pbs.sh" "$count"
    printf ' %q' "${options[@]}" -- "${arguments[@]}"
    echo
  } | qsub -N fishermerge -j oe "$@" "${options[@]}"
}

arguments=("$@")
if [[ -z $count ]]; then
  find_program
  submit 0
  exit
fi

# --- In the job -------------------------------------------------------------------------------------------------------
find_program
[[ -r ${PBS_NODEFILE:-} ]] || { complain "there is no PBS_NODEFILE: this is no PBS job"; exit 71; }

# The job's time in seconds: Torque says it in the environment, PBS Pro and OpenPBS by qstat.
walltime() {
  local hours minutes seconds
  if [[ -n ${PBS_WALLTIME:-} ]]; then
    echo "$PBS_WALLTIME"
  else
    IFS=: read -r hours minutes seconds < <(qstat -f "$PBS_JOBID" |
      sed -n 's/^ *Resource_List.walltime = *\([0-9:]*\).*/\1/p') || return
    echo $((10#$hours * 3600 + 10#$minutes * 60 + 10#$seconds))
  fi
}

command=("${arguments[@]}")
help=$("$program" "${command[0]}" --help </dev/null 2>/dev/null || true)
if [[ $help == *--resume* && " ${command[*]} " != *" --resume "* ]]; then command+=(--resume); fi
if [[ $help == *--max-time* && " ${command[*]} " != *" --max-time"* ]]; then
  if seconds=$(walltime); then
    seconds=$((seconds - SECONDS - ${FISHERMERGE_MARGIN:-300}))
    ((seconds > 0)) || { complain "the job's time is no longer than FISHERMERGE_MARGIN"; exit 64; }
    command+=(--max-time "$seconds")
  else
    complain "PBS does not say how long the job may run; it will be killed when its time is over"
  fi
fi

# The node file has a line for each rank, which is a host file that mpirun understands, also where it knows no PBS (that
# of Debian does not).
code=0
FISHERMERGE=$program "$repository/launch/hosts" "$PBS_NODEFILE" "${command[@]}" || code=$?

if ((code == 75)); then
  if ((count >= ${FISHERMERGE_REQUEUES:-50})); then
    complain "interrupted, and submitted again $count times before: run launch/pbs.sh again to continue"
  elif job=$(submit $((count + 1)) -W depend=afterany:"$PBS_JOBID"); then
    complain "interrupted: job $job continues"
    exit 0
  else
    complain "interrupted, and a job may not submit jobs here: run launch/pbs.sh again to continue"
  fi
fi
exit "$code"

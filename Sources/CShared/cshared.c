#define _GNU_SOURCE
#include "cshared.h"

#include <sched.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

// --- Spin locks ---------------------------------------------------------------------------------------------------------

// About as long as a tile's addition takes; a lock that is held longer belongs to a process that does not run.
enum { spins_before_yielding = 100 };

static inline void pause_processor(void) {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ __volatile__("yield");
#endif
}

void cshared_lock(int32_t *lock) {
  // Waits by reading: a cache line that everybody tries to write would keep the owner from its own data.
  while (__atomic_exchange_n(lock, 1, __ATOMIC_ACQUIRE) != 0) {
    int spins = 0;
    while (__atomic_load_n(lock, __ATOMIC_RELAXED) != 0) {
      if (++spins < spins_before_yielding) {
        pause_processor();
      } else {
        sched_yield();
      }
    }
  }
}

// --- Signals ------------------------------------------------------------------------------------------------------------

static int64_t checkpoint_requests;
static int64_t stop_requests;
static int32_t last_stop;

// Lock-free atomics are among the few things that a handler may do.
static void count_signal(int signal) {
  if (signal == SIGINT && __atomic_load_n(&last_stop, __ATOMIC_RELAXED) == SIGINT) {
    // Whoever types Ctrl-C twice does not want to wait for a checkpoint.
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    sigaction(signal, &action, NULL);
    raise(signal);
  } else if (signal == SIGUSR1) {
    __atomic_fetch_add(&checkpoint_requests, 1, __ATOMIC_RELAXED);
  } else {
    __atomic_store_n(&last_stop, signal, __ATOMIC_RELAXED);
    __atomic_fetch_add(&stop_requests, 1, __ATOMIC_RELEASE);
  }
}

static const int counted_signals[] = {SIGUSR1, SIGUSR2, SIGTERM};
// Of a terminal: a shell may have what it starts ignore them.
static const int terminal_signals[] = {SIGINT, SIGHUP};
enum {
  counted_signal_count = sizeof counted_signals / sizeof counted_signals[0],
  terminal_signal_count = sizeof terminal_signals / sizeof terminal_signals[0],
};

static bool count(int signal) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = count_signal;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  return sigaction(signal, &action, NULL) == 0;
}

// Shells have what they start in the background ignore Ctrl-C, and nohup the end of the terminal; that stays so.
static bool is_ignored(int signal) {
  struct sigaction action;
  return sigaction(signal, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

bool cshared_install_signals(void) {
  bool all = true;
  for (int i = 0; i < terminal_signal_count; i++) {
    if (!is_ignored(terminal_signals[i])) all = count(terminal_signals[i]) && all;
  }
  // Whoever reads the output may be gone before the work is done: a write that fails is an error that is said.
  signal(SIGPIPE, SIG_IGN);
  for (int i = 0; i < counted_signal_count; i++) all = count(counted_signals[i]) && all;
  return all;
}

// Users may signal a job that is only just starting: a rank that such a signal ended would leave mpirun waiting for it for ever.
__attribute__((constructor)) static void count_early_signals(void) {
  count(SIGUSR1);
  count(SIGUSR2);
  // A file that grows beyond a limit (ulimit -f) is an error of the write, which says which file it was.
  signal(SIGXFSZ, SIG_IGN);
}

void cshared_end_on_termination(void) {
  signal(SIGTERM, SIG_DFL);
  for (int i = 0; i < terminal_signal_count; i++) {
    if (!is_ignored(terminal_signals[i])) signal(terminal_signals[i], SIG_DFL);
  }
}

bool cshared_signals_are_ours(void) {
  for (int i = 0; i < counted_signal_count; i++) {
    struct sigaction action;
    if (sigaction(counted_signals[i], NULL, &action) != 0 || action.sa_handler != count_signal) return false;
  }
  return true;
}

int64_t cshared_checkpoint_requests(void) { return __atomic_load_n(&checkpoint_requests, __ATOMIC_RELAXED); }
int64_t cshared_stop_requests(void) { return __atomic_load_n(&stop_requests, __ATOMIC_ACQUIRE); }
int32_t cshared_last_stop(void) { return __atomic_load_n(&last_stop, __ATOMIC_RELAXED); }

// --- Crashes ------------------------------------------------------------------------------------------------------------

static const struct crash {
  int signal;
  const char *text;
} crashes[] = {
    {SIGILL, "the program stopped itself (SIGILL)\n  hint: this is a defect of the program: please report it\n"},
    {SIGTRAP, "the program stopped itself (SIGTRAP)\n  hint: this is a defect of the program: please report it\n"},
    {SIGABRT, "the program stopped itself (SIGABRT)\n  hint: if no message tells the cause, please report it\n"},
    {SIGFPE, "a calculation stopped the program (SIGFPE)\n  hint: this is a defect of the program: please report it\n"},
    {SIGSEGV, "memory that is not there was used (SIGSEGV)\n  hint: this is a defect of the program: please report it\n"},
    {SIGBUS, "memory that belongs to a file is gone (SIGBUS)\n  hint: see that no model file is changed during the run, "
             "and that the file system of the shared memory, /dev/shm, is not full\n"},
};
enum { crash_count = sizeof crashes / sizeof crashes[0] };

static struct sigaction previous_actions[crash_count];
static char crash_start[320];
static int32_t is_crashing;

// Calls nothing but write, sigaction and raise, which a handler may call.
static void report_crash(int signal, siginfo_t *info, void *context) {
  (void)context;
  for (int i = 0; i < crash_count; i++) {
    if (crashes[i].signal != signal) continue;
    if (__atomic_exchange_n(&is_crashing, 1, __ATOMIC_RELAXED) == 0) {
      ssize_t written = write(STDERR_FILENO, crash_start, strlen(crash_start));
      written = write(STDERR_FILENO, crashes[i].text, strlen(crashes[i].text));
      (void)written;
    }
    sigaction(signal, &previous_actions[i], NULL);
    // A fault happens again when the handler returns; a signal that was sent has to be sent again.
    if (info->si_code <= 0) raise(signal);
  }
}

void cshared_report_crashes(const char *place) {
  strcpy(crash_start, "error: ");
  strncat(crash_start, place, 255);
  strcat(crash_start, ": ");
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = report_crash;
  // On the stack for signals, if there is one: the other one may be what overflowed.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigemptyset(&action.sa_mask);
  for (int i = 0; i < crash_count; i++) sigaction(crashes[i].signal, &action, &previous_actions[i]);
}

// --- The launcher -------------------------------------------------------------------------------------------------------

void cshared_end_with_parent(void) {
#ifdef __linux__
  // A parent that ended before the call would send nothing any more; the process has another one then.
  pid_t parent = getppid();
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) raise(SIGKILL);
#endif
}

// Robust futexes: what a thread that ends still holds is marked and its waiters are woken (set_robust_list(2)).
#pragma once

namespace menura::linux_user {

class Thread;

// As the kernel does when a thread ends; it would do it only after the guest has been told that the thread is gone.
void release_robust_list(Thread& thread);

}  // namespace menura::linux_user

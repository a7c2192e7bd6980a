//! Keeps Postgres running for as long as the server does: when it ends without being asked to, it
//! is started again, with growing pauses. Requests in between see a database that does not answer;
//! the pool connects anew by itself.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use tokio::process::Child;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{interval, sleep};

use super::process::{self, Launch};
use super::{Result, logfile};

const FIRST_PAUSE: Duration = Duration::from_millis(200);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// After running this long, the next failure counts as the first again.
const STEADY: Duration = Duration::from_secs(60);
const LOG_CHECK: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Supervisor {
    pid: Arc<AtomicU32>,
    stop: Option<oneshot::Sender<()>>,
    task: Option<JoinHandle<()>>,
}

/// Starts Postgres, and the task that watches over it.
pub(super) async fn start(launch: Launch) -> Result<Supervisor> {
    let child = process::start(&launch).await?;
    let pid = Arc::new(AtomicU32::new(child.id().unwrap_or_default()));
    let (stop, stopped) = oneshot::channel();
    let task = tokio::spawn(watch_over(launch, child, pid.clone(), stopped));
    Ok(Supervisor {
        pid,
        stop: Some(stop),
        task: Some(task),
    })
}

impl Supervisor {
    pub fn pid(&self) -> Option<u32> {
        Some(self.pid.load(Ordering::Relaxed)).filter(|pid| *pid != 0)
    }

    pub async fn stop(mut self) {
        // The task ends on the message, and on the loss of its sender.
        drop(self.stop.take());
        if let Some(task) = self.task.take() {
            drop(task.await);
        }
    }
}

impl Drop for Supervisor {
    /// A way out that did not pass `stop`, such as a panic or an error at start.
    fn drop(&mut self) {
        if let (Some(task), Some(pid)) = (self.task.take(), self.pid()) {
            task.abort();
            process::ask_to_stop(pid);
        }
    }
}

async fn watch_over(launch: Launch, mut child: Child, pid: Arc<AtomicU32>, mut stopped: oneshot::Receiver<()>) {
    let mut pause = FIRST_PAUSE;
    let mut log_check = interval(LOG_CHECK);
    loop {
        let since = Instant::now();
        let status = loop {
            tokio::select! {
                status = child.wait() => break status,
                _ = &mut stopped => return process::stop(&mut child).await,
                _ = log_check.tick() => {
                    if let Err(error) = logfile::rotate(&launch.log) {
                        tracing::warn!(%error, "the log of Postgres could not be rotated");
                    }
                }
            }
        };
        pid.store(0, Ordering::Relaxed);
        let how = status.map_or_else(|e| e.to_string(), |status| status.to_string());
        tracing::error!(how, "Postgres ended by itself; starting it again");
        if since.elapsed() > STEADY {
            pause = FIRST_PAUSE;
        }
        child = loop {
            tokio::select! {
                () = sleep(pause) => {}
                _ = &mut stopped => return,
            }
            pause = (pause * 2).min(LONGEST_PAUSE);
            process::end_leftovers(&launch.pgdata).await;
            match process::start(&launch).await {
                Ok(child) => break child,
                Err(error) => tracing::error!(%error, "Postgres could not be started again"),
            }
        };
        pid.store(child.id().unwrap_or_default(), Ordering::Relaxed);
        tracing::info!("Postgres is running again");
    }
}

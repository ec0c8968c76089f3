//! The monitoring schedules of a cell: the list, each schedule, and the job definition behind it.

use super::{CellState, Outcome};
use crate::call::{Op, view};
use crate::collect::Answer;
use crate::collect::answer::existing;
use crate::collect::ask::{CellAsk, Page, job_op};
use crate::fact::{Fact, Gap, Read, Source};
use crate::ids::KeyRef;
use crate::inventory::{CellId, Output, Schedule};

impl CellState {
    pub(super) fn on_schedules(&mut self, page: &Page, answer: Answer, outcome: &mut Outcome) {
        let gap = self.gap(Op::ListMonitoringSchedules, "");
        let (source, viewed) = answer.view::<view::ListMonitoringSchedules>(gap);
        let listed = match viewed {
            Ok(listed) => listed,
            Err(failure) => {
                outcome.gaps.push(failure.gap.clone());
                self.cell.schedules_gap = Some(failure.gap);
                return;
            }
        };
        for summary in listed.monitoring_schedule_summaries {
            let name = summary.monitoring_schedule_name;
            outcome.asks.push(CellAsk::Schedule(name.clone()));
            let output = self.awaited(&source, Op::DescribeMonitoringSchedule);
            let endpoint = match (summary.endpoint_name, &output.fact) {
                (None, Fact::Unknown(gap)) => Fact::Unknown(gap.clone()),
                (named, _) => Fact::Known(named),
            };
            let schedule = Schedule {
                name: name.clone(),
                endpoint,
                output,
            };
            self.cell.schedules.insert(name, schedule);
        }
        match self.next_page(page, listed.next_token, Op::ListMonitoringSchedules) {
            Ok(next) => outcome.asks.extend(next.map(CellAsk::Schedules)),
            Err(gap) => {
                outcome.gaps.push(gap.clone());
                self.cell.schedules_gap = Some(gap);
            }
        }
    }

    pub(super) fn on_schedule(&mut self, name: &str, answer: Answer, outcome: &mut Outcome) {
        let gap = self.gap(Op::DescribeMonitoringSchedule, name);
        let (source, viewed) = answer.view::<view::DescribeMonitoringSchedule>(gap);
        let mut endpoint = None;
        let mut job = None;
        let read = existing(source, viewed, &mut outcome.gaps, |view| {
            endpoint = view.endpoint_name;
            let config = view.monitoring_schedule_config;
            let op = job_op(config.monitoring_type.as_deref().unwrap_or_default());
            job = config.monitoring_job_definition_name.zip(op);
            let inline = config.monitoring_job_definition.as_ref();
            endpoint = endpoint
                .take()
                .or(inline.and_then(view::MonitoringJobDefinition::endpoint));
            config
                .monitoring_job_definition
                .map(|job| output(job.monitoring_output_config))
        });
        let fact = match (read.fact, &job) {
            (Fact::Unknown(gap), _) => Fact::Unknown(gap),
            (Fact::Known(None), _) => Fact::Known(None),
            (Fact::Known(Some(Some(output))), _) => {
                outcome
                    .keys
                    .extend(self.wanted_key(output.key.as_ref(), &source));
                Fact::Known(Some(output))
            }
            (Fact::Known(Some(None)), Some((definition, op))) => {
                let (definition, op) = (definition.clone(), *op);
                let awaited: Read<Option<Output>> = self.awaited(&source, op);
                let schedule = name.to_owned();
                outcome.asks.push(CellAsk::Job {
                    schedule,
                    op,
                    name: definition,
                });
                awaited.fact
            }
            (Fact::Known(Some(None)), None) => {
                let said = "neither a job definition nor a known monitoring type".to_owned();
                let gap = self.gap(Op::DescribeMonitoringSchedule, name)();
                let gap = Gap { said, ..gap };
                outcome.gaps.push(gap.clone());
                Fact::Unknown(gap.into())
            }
        };
        if let Some(schedule) = self.cell.schedules.get_mut(name) {
            let listed = schedule.endpoint.known().cloned().flatten();
            schedule.endpoint = match (endpoint.or(listed), &fact) {
                (Some(name), _) => Fact::Known(Some(name)),
                // The description failed, or the job definition is still to come.
                (None, Fact::Unknown(gap)) => Fact::Unknown(gap.clone()),
                (None, Fact::Known(_)) => Fact::Known(None),
            };
            schedule.output = Read { source, fact };
        }
    }

    pub(super) fn on_job(
        &mut self,
        schedule: &str,
        op: Op,
        name: &str,
        answer: Answer,
        outcome: &mut Outcome,
    ) {
        let (source, viewed) = answer.view::<view::DescribeJobDefinition>(self.gap(op, name));
        let mut endpoint = None;
        let read = existing(source, viewed, &mut outcome.gaps, |view| {
            endpoint = view.endpoint();
            view.output().map(output)
        });
        let fact = match read.fact {
            Fact::Known(Some(None)) => {
                let said = "the job definition names no output".to_owned();
                let gap = Gap {
                    said,
                    ..self.gap(op, name)()
                };
                outcome.gaps.push(gap.clone());
                Fact::Unknown(gap.into())
            }
            Fact::Known(output) => Fact::Known(output.flatten()),
            Fact::Unknown(gap) => Fact::Unknown(gap),
        };
        if let Fact::Known(Some(output)) = &fact {
            outcome
                .keys
                .extend(self.wanted_key(output.key.as_ref(), &source));
        }
        if let Some(schedule) = self.cell.schedules.get_mut(schedule) {
            if schedule.endpoint.known().is_none() {
                schedule.endpoint = match (endpoint, &fact) {
                    (None, Fact::Unknown(gap)) => Fact::Unknown(gap.clone()),
                    (named, _) => Fact::Known(named),
                };
            }
            schedule.output = Read { source, fact };
        }
    }

    fn wanted_key(
        &mut self,
        key: Option<&KeyRef>,
        source: &Source,
    ) -> Vec<(CellId, KeyRef, Source)> {
        let mut outcome = Outcome::default();
        if let Some(key) = key {
            self.want_key(key, source, &mut outcome);
        }
        outcome.keys
    }
}

fn output(config: view::MonitoringOutputConfig) -> Output {
    let uris = config
        .monitoring_outputs
        .into_iter()
        .filter_map(|output| output.s3_output.and_then(|output| output.s3_uri))
        .collect();
    Output {
        uris,
        key: KeyRef::read(config.kms_key_id.as_deref()),
    }
}

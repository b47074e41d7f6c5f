//! What happens on each night, and what somebody should hear of it.

use std::process::Command;

use chrono::{Datelike, Days};
use tieout::calendar::PeriodState;
use tieout::sandbox::netsuite::Kind;

use super::business::Sale;
use super::systems::Then;
use super::{House, Night};

/// One of everything.
pub const CYCLE: usize = 18;

/// Which of the nights that have one of everything it is.
fn place(number: usize) -> usize {
    (number - 1) % CYCLE + 1
}

const RUN: [&str; 4] = ["run", "--quiet", "--summary", "run.json"];

/// What is remembered from one night to the next.
#[derive(Default)]
pub struct Play {
    sales: Vec<Sale>,
    debits: Vec<Sale>,
    open: Vec<Sale>,
    disputed: Vec<Sale>,
    /// A movement of an unknown type, until somebody gives it an account: its id and type.
    moon: Option<(String, String)>,
    /// The same when it has one, until a run has looked at it again.
    had_moon: Option<String>,
    edited: Option<Sale>,
    /// The last night that came to its end.
    last_through: usize,
}

/// A night that ended so, with these findings for accounting and for technical people.
fn ended(code: i32, accounting: &[&str], technical: &[&str]) -> Night {
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let end = if matches!(code, 0 | 3) { "success".to_owned() } else { code.to_string() };
    Night {
        code: Some(code),
        accounting: words(accounting),
        technical: words(technical),
        missed: 0,
        heard: vec!["start".to_owned(), end],
    }
}

/// A night of which nobody hears anything but that it was.
fn quiet() -> Night {
    ended(0, &[], &[])
}

impl Play {
    /// The day's business and what goes wrong in the evening; gives what should be heard of the night.
    pub fn evening(&mut self, house: &mut House, number: usize) -> Night {
        house.business.begin(house.day);
        let amount = 10_000 + 100 * i64::try_from(number).expect("a small number");
        self.sales.push(house.business.sell(amount));
        self.sales.push(house.business.sell(4_900));
        if house.day.day() == 1 {
            // The books of last month are closed, whatever was not posted yet.
            let last = house.day - Days::new(1);
            house.systems.netsuite_inside().set_period(last, PeriodState::Closed).unwrap();
        }
        let mut expected = self.trouble(house, number);
        let (systems, business) = (&house.systems, &mut house.business);
        systems.show(business);
        if let Some(code) = expected.code {
            let through = i64::try_from(number - self.last_through - 1).expect("a small number");
            expected.missed = if self.last_through > 0 { through } else { 0 };
            let is_through = matches!(code, 0 | 6);
            let moon = self.moon.as_ref().filter(|(id, _)| business.has_arrived(id));
            if let Some((id, _)) = moon.filter(|_| is_through) {
                // Its payout can be booked now, and cannot.
                expected.accounting.push(format!("unknown_balance_transaction_type:{id}"));
                expected.code = Some(if code == 0 { 3 } else { code });
            } else if let Some(id) = &self.had_moon {
                let still = format!("unknown_balance_transaction_type:{id}");
                expected.accounting.extend((!is_through).then_some(still));
            }
            if is_through {
                self.last_through = number;
                self.had_moon = None;
            }
        }
        expected
    }

    fn trouble(&mut self, house: &mut House, number: usize) -> Night {
        let business = &mut house.business;
        let ago = |sales: &[Sale], count: usize| sales[sales.len() - count].clone();
        match place(number) {
            1 => {
                self.debits.push(business.debit(25_000));
                self.open.push(business.bill_open(8_000));
                quiet()
            }
            2 => {
                business.refund(&ago(&self.sales, 3), 3_000);
                let kind = format!("moon_fee_{number}");
                self.moon = Some((business.move_by_the_moon(&kind), kind));
                quiet()
            }
            // Stripe is away all night.
            3 => {
                house.systems.stripe.close();
                ended(5, &[], &["exit_5"])
            }
            // NetSuite is away all night.
            5 => {
                house.systems.netsuite.close();
                ended(5, &[], &["exit_5"])
            }
            6 => {
                business.fail_debit(&self.debits.pop().expect("a debit"));
                quiet()
            }
            // The machine is off.
            7 => Night::default(),
            8 => {
                business.fee_shown_late();
                self.disputed.push(ago(&self.sales, 12));
                business.dispute(self.disputed.last().expect("just pushed"));
                quiet()
            }
            // NetSuite goes away in the middle of a push.
            9 => {
                house.systems.netsuite.after(3, Then::Close);
                ended(5, &[], &["exit_5"])
            }
            // Stripe goes away before the end of a pull.
            11 => {
                house.systems.stripe.after(1, Then::Close);
                ended(5, &[], &["exit_5", "unfinished_pull:acct_nights"])
            }
            // Stripe's key was rolled, and the configuration's file has the old one.
            12 => {
                let key = house.systems.roll_stripe_key();
                std::fs::write(house.folder.join("new.key"), key).unwrap();
                ended(4, &[], &["exit_4", "unfinished_pull:acct_nights"])
            }
            // The process is killed in the middle of a push.
            13 => Night { heard: vec!["start".to_owned()], ..Night::default() },
            14 => {
                business.void(&self.open.pop().expect("an open invoice"));
                quiet()
            }
            // NetSuite's certificate was replaced, and the configuration has the old one.
            15 => {
                let (certificate, pem) = house.systems.roll_netsuite_key();
                std::fs::write(house.folder.join("new.pem"), pem).unwrap();
                std::fs::write(house.folder.join("certificate"), certificate).unwrap();
                ended(4, &[], &["exit_4"])
            }
            // Somebody changed what was posted, on the night of the weekly proof.
            16 => {
                self.edit_in_netsuite(house, 1);
                ended(6, &["difference:bridge-USD"], &[])
            }
            17 => {
                business.fail_payout();
                quiet()
            }
            18 => {
                business.win(&self.disputed.pop().expect("a dispute"));
                quiet()
            }
            _ => quiet(),
        }
    }

    /// What people do when they have heard of it.
    pub fn morning(&mut self, house: &mut House, number: usize) {
        let read = |name: &str| std::fs::read_to_string(house.folder.join(name)).unwrap();
        match place(number) {
            12 => std::fs::write(house.folder.join("stripe.key"), read("new.key")).unwrap(),
            15 => {
                std::fs::write(house.folder.join("netsuite.pem"), read("new.pem")).unwrap();
                let before = read("tieout.toml");
                let line = before.lines().find(|line| line.starts_with("certificate_id")).unwrap();
                house.edit_config(line, &format!("certificate_id = \"{}\"", read("certificate")));
            }
            16 => {
                self.edit_in_netsuite(house, 0);
                self.edited = None;
            }
            _ => {}
        }
        if self.last_through == number
            && let Some((id, kind)) = self.moon.take_if(|(id, _)| house.business.has_arrived(id))
        {
            let section = "[accounts.movements]\n";
            house.edit_config(section, &format!("{section}{kind} = \"6010\"\n"));
            self.had_moon = Some(id);
        }
        house.day = house.day + Days::new(1);
    }

    /// Somebody makes the amount of a payment that was posted larger by so much, or as it was.
    fn edit_in_netsuite(&mut self, house: &House, more: i64) {
        let netsuite = house.systems.netsuite_inside();
        let sale = self.edited.take().unwrap_or_else(|| self.sales[self.sales.len() - 6].clone());
        let internal = netsuite.find(Kind::CustomerPayment, &sale.id("ch")).unwrap();
        let patch = format!(r#"{{"payment": {}}}"#, sale.amount / 100 + more);
        netsuite.edit(Kind::CustomerPayment, internal.expect("it was posted"), &patch).unwrap();
        self.edited = Some(sale);
    }
}

/// What the machine does at night.
pub fn night(house: &House, number: usize) -> Night {
    let seen = match place(number) {
        7 => house.told(None),
        13 => {
            let now = house.now();
            let mut run = house.tieout().start(&house.at_night(&now, &RUN));
            let process = run.id().to_string();
            let kill = move || {
                let killed = Command::new("kill").args(["-KILL", &process]).status();
                assert!(killed.is_ok_and(|status| status.success()), "no signal was sent");
            };
            house.systems.netsuite.after(3, Then::Kill(Box::new(kill)));
            let status = run.wait().unwrap();
            house.told(status.code())
        }
        place => {
            let proof: &[&str] = if matches!(place, 8 | 16 | 18) { &["--tie-out"] } else { &[] };
            let ran = house.run(&[&RUN[..], proof].concat());
            house.told(Some(ran.code))
        }
    };
    house.systems.stripe.open();
    seen
}

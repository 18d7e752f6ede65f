//! A replica takes over, and what its primary acknowledged last is lost: nobody is logged out whose login the replica had, and
//! whoever comes with a token of a lost rotation is no thief.

use rekindle_testing::postgres::Postgres;
use rekindle_testing::proxy::Proxy;
use rekindle_testing::redis::{Cluster, Redis};

use super::fleet::Fleet;
use super::load::{Load, Manners};
use super::prove::{cycles, sound};
use super::stores::{DATABASE, LASTING};
use super::worker::Dice;

/// A primary and its replica at one address. The replica is promoted while the primary goes on for a moment, which then dies and
/// comes back as the replica.
#[test]
#[ignore = "starts servers and Redis: cargo xtask test --only faults"]
fn a_replica_that_lags_takes_over() {
    let mut primary = Redis::start("faults-primary", &[]).unwrap();
    let mut replica = Redis::replica("faults-replica", primary.port(), &[]).unwrap();
    let address = format!("redis://127.0.0.1:{},127.0.0.1:{}", primary.port(), replica.port());
    let fleet = Fleet::on(address, 3);
    let load = Load::on(&fleet, Manners::default());
    let (mut dice, cycles) = (Dice::new(), cycles());
    for _ in 0..cycles {
        load.answers(20 + dice.roll(100));
        load.losing();
        replica.caught_up(&primary).unwrap();
        replica.promote().unwrap();
        load.answers(1 + dice.roll(60));
        primary.kill();
        load.stand();
        load.kept();
        load.go_on();
        load.round();
        primary.start_again_behind(replica.port()).unwrap();
        std::mem::swap(&mut primary, &mut replica);
    }
    let heals = sound("fail-over that loses commits", "redis with a replica", cycles, load, &fleet);
    assert!(heals > 0, "what was lost is seen here");
}

/// The same of PostgreSQL. A server finds each of the two behind an address that stays.
#[test]
#[ignore = "starts servers and PostgreSQL: cargo xtask test --only faults"]
fn postgres_failover_to_replica_that_lags() {
    let mut primary = Postgres::start("faults-pg-0", &LASTING).unwrap();
    primary.create_database(DATABASE).unwrap();
    let mut replica = primary.replica("faults-pg-1", &[]).unwrap();
    let ways = [&primary, &replica].map(|server| Proxy::start(server.port()).unwrap());
    let hosts = format!("127.0.0.1:{},127.0.0.1:{}", ways[0].port(), ways[1].port());
    let one = primary.url_through(ways[0].port(), DATABASE);
    let address = one.replace(&format!("127.0.0.1:{}", ways[0].port()), &hosts);
    let fleet = Fleet::on(address, 3);
    let load = Load::on(&fleet, Manners::default());
    let (mut dice, cycles) = (Dice::new(), cycles());
    for cycle in 0..cycles as usize {
        load.answers(20 + dice.roll(100));
        load.losing();
        let written = primary.sql("postgres", "SELECT pg_current_wal_lsn()").unwrap();
        until(|| {
            let has = format!("SELECT pg_last_wal_replay_lsn() >= '{written}'::pg_lsn");
            replica.sql("postgres", &has).unwrap() == "t"
        });
        replica.promote().unwrap();
        load.answers(1 + dice.roll(60));
        primary.kill();
        load.stand();
        load.kept();
        load.go_on();
        load.round();
        let next = replica.replica(&format!("faults-pg-{}", cycle + 2), &[]).unwrap();
        ways[cycle % 2].lead_to(next.port());
        primary = std::mem::replace(&mut replica, next);
    }
    let heals = sound("fail-over that loses commits", "postgresql with a replica", cycles, load, &fleet);
    assert!(heals > 0, "what was lost is seen here");
}

/// Masters of a cluster die, or are overruled by their replicas while they go on. The first time the cluster notices by itself.
#[test]
#[ignore = "starts servers and Redis: cargo xtask test --only faults"]
fn a_replica_takes_over_slots() {
    let mut cluster = Cluster::start("faults-slots", 3, 1, &[]).unwrap();
    let fleet = Fleet::on(cluster.url(), 3);
    let load = Load::on(&fleet, Manners::default());
    let (mut dice, cycles) = (Dice::new(), cycles());
    for cycle in 0..cycles {
        load.answers(20 + dice.roll(100));
        let (master, replica) = pair(&cluster, dice.roll(3) as usize);
        load.losing();
        cluster.nodes[replica].caught_up(&cluster.nodes[master]).unwrap();
        load.answers(1 + dice.roll(60));
        let dies = cycle == 0 || dice.roll(2) == 0;
        if dies {
            cluster.nodes[master].kill();
        }
        if cycle > 0 {
            let answer = cluster.nodes[replica].ask("CLUSTER FAILOVER TAKEOVER").unwrap();
            assert!(answer.starts_with("+OK"), "{answer}");
        }
        load.stand();
        cluster.led_by(replica).unwrap();
        load.kept();
        load.go_on();
        load.round();
        if dies {
            cluster.nodes[master].start_again().unwrap();
        }
        cluster.nodes[master].linked().unwrap();
        cluster.settled().unwrap();
    }
    sound("fail-over that loses commits", "redis cluster with replicas", cycles, load, &fleet);
}

/// A master that is neither dead nor alive keeps its connections and answers nothing, however long one waits. Its replica has
/// taken over: servers have to find that out by themselves.
#[test]
#[ignore = "starts servers and Redis: cargo xtask test --only faults"]
fn a_frozen_master_is_left_for_its_replica() {
    let cluster = Cluster::start("faults-frozen", 3, 1, &[]).unwrap();
    let fleet = Fleet::on(cluster.url(), 3);
    let load = Load::on(&fleet, Manners::default());
    load.answers(100);
    let (master, replica) = pair(&cluster, 0);
    load.losing();
    cluster.nodes[replica].caught_up(&cluster.nodes[master]).unwrap();
    cluster.nodes[master].process().unwrap().signal("STOP").unwrap();
    until(|| !cluster.nodes[replica].ask("INFO replication").unwrap().contains("role:slave"));
    load.round();
    load.kept();
    cluster.nodes[master].process().unwrap().signal("CONT").unwrap();
    sound("a frozen master is left", "redis cluster with replicas", 1, load, &fleet);
}

/// The same of a primary, whose replica somebody has promoted.
#[test]
#[ignore = "starts servers and Redis: cargo xtask test --only faults"]
fn a_frozen_primary_is_left_for_its_replica() {
    let primary = Redis::start("faults-frozen-primary", &[]).unwrap();
    let mut replica = Redis::replica("faults-frozen-replica", primary.port(), &[]).unwrap();
    let address = format!("redis://127.0.0.1:{},127.0.0.1:{}", primary.port(), replica.port());
    let fleet = Fleet::on(address, 3);
    let load = Load::on(&fleet, Manners::default());
    load.answers(100);
    load.losing();
    replica.caught_up(&primary).unwrap();
    primary.process().unwrap().signal("STOP").unwrap();
    replica.promote().unwrap();
    load.round();
    load.kept();
    sound("a frozen primary is left", "redis with a replica", 1, load, &fleet);
}

fn until(mut is: impl FnMut() -> bool) {
    while !is() {
        super::load::wait(std::time::Duration::from_millis(20));
    }
}

/// The `nth` master and its replica.
fn pair(cluster: &Cluster, nth: usize) -> (usize, usize) {
    let follows: Vec<_> = cluster.nodes.iter().map(|node| node.follows().unwrap()).collect();
    let masters: Vec<_> = (0..follows.len()).filter(|node| follows[*node].is_none()).collect();
    let master = masters[nth];
    let replica = follows.iter().position(|port| *port == Some(cluster.nodes[master].port()));
    (master, replica.expect("every master has a replica"))
}

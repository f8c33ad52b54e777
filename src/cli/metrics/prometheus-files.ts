/** What to put into prometheus.yml, below `scrape_configs:`; the machines are to be filled in. */
export const scrapeConfig = `scrape_configs:
  - job_name: plimsoll
    scrape_interval: 30s
    static_configs:
      - targets: # plimsoll metrics --listen 0.0.0.0:9477 runs on each of these
          - localhost:9477
`;

/** Recording and alert rules for many machines, for `rule_files:`. */
export const rules = `groups:
  - name: plimsoll-capacity
    rules:
      - record: plimsoll:machine_cpu_wasted:ratio
        expr: plimsoll_machine_cpu_wasted_cores / plimsoll_machine_cpu_capacity_cores
      - record: plimsoll:machine_memory_wasted:ratio
        expr: plimsoll_machine_memory_wasted_bytes / plimsoll_machine_memory_capacity_bytes
      - record: plimsoll:fleet_cpu_wasted_cores:sum
        expr: sum(plimsoll_machine_cpu_wasted_cores)
      - record: plimsoll:fleet_memory_wasted_bytes:sum
        expr: sum(plimsoll_machine_memory_wasted_bytes)
      - record: plimsoll:container_cpu_throttled:ratio5m
        expr: rate(plimsoll_container_cpu_throttled_periods_total[5m]) / (rate(plimsoll_container_cpu_periods_total[5m]) > 0)
  - name: plimsoll-alerts
    rules:
      - alert: PlimsollOutOfMemory
        expr: increase(plimsoll_container_oom_kills_total[10m]) > 0
        labels: { severity: critical }
        annotations:
          summary: '{{ $labels.name }} on {{ $labels.instance }} ran out of memory'
      - alert: PlimsollMemoryNearLimit
        expr: plimsoll_container_memory_working_set_bytes / plimsoll_container_memory_limit_bytes > 0.9
        for: 10m
        labels: { severity: warning }
        annotations:
          summary: '{{ $labels.name }} on {{ $labels.instance }} uses {{ $value | humanizePercentage }} of its memory'
      - alert: PlimsollThrottled
        expr: plimsoll:container_cpu_throttled:ratio5m > 0.25
        for: 15m
        labels: { severity: warning }
        annotations:
          summary: '{{ $labels.name }} on {{ $labels.instance }} waits for CPU in {{ $value | humanizePercentage }} of its time'
      - alert: PlimsollMachineFull
        expr: plimsoll:machine_cpu_wasted:ratio < 0.05 or plimsoll:machine_memory_wasted:ratio < 0.05
        for: 15m
        labels: { severity: warning }
        annotations:
          summary: '{{ $labels.instance }} has hardly anything left'
      - alert: PlimsollMachineWasted
        expr: avg_over_time(plimsoll:machine_cpu_wasted:ratio[7d]) > 0.7 and avg_over_time(plimsoll:machine_memory_wasted:ratio[7d]) > 0.7
        for: 1d
        labels: { severity: info }
        annotations:
          summary: '{{ $labels.instance }} has wasted most of what it has for a week'
      - alert: PlimsollSilent
        expr: up{job="plimsoll"} == 0
        for: 5m
        labels: { severity: warning }
        annotations:
          summary: '{{ $labels.instance }} gives no figures'
`;

# What an environment is made of, by name; sourced by the other scripts, whose working folder .run is made here.
# read_line sets: line, venv, pins (files; the first holds what builds a package), sections, pythons.

# Logs and Airflow's database are in it, so it is closed to others, also where it was made before.
mkdir -p -m 700 "${BASH_SOURCE[0]%/*}/../.run" && chmod 700 "${BASH_SOURCE[0]%/*}/../.run" || exit 1

read_line() { # 3.3 | 3.2 | 3.1 | 3.0 | 2.11 | lowest | demo | clients | e2e
    line=$1
    sections="run tools"
    case $1 in
        3.3) venv=.venv pins=requirements/airflow-3.3.txt pythons="3.14 3.13 3.12 3.11" ;;
        3.2 | 3.1 | 3.0 | 2.11) venv=.venv-$1 pins=requirements/airflow-$1.txt pythons="3.12 3.11" ;;
        lowest) venv=.venv-lowest pins=requirements/lowest.txt pythons="3.12 3.11" ;;
        demo) venv=.venv-demo pins=requirements/airflow-3.3.txt pythons="3.14 3.13 3.12 3.11" sections=run ;;
        clients) venv=.venv-clients pins=requirements/clients.txt pythons="3.13 3.12 3.11" sections=run ;;
        e2e)
            venv=.venv-e2e pins="requirements/airflow-3.3.txt requirements/e2e.txt" pythons="3.14 3.13 3.12 3.11"
            sections="run tools e2e"
            ;;
        *)
            echo "AIRFLOW=$1 isn't known here: it can be 3.3, 3.2, 3.1, 3.0, 2.11 or lowest." >&2
            return 1
            ;;
    esac
}

new EventSource('/events').addEventListener('end', () => location.assign('/'));

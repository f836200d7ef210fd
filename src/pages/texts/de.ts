import type { PageTexts } from '../../page-texts.ts';

/** German. */
export const de: PageTexts = {
  pages: {
    login_invalid: {
      title: 'Diese Anmeldung ist unlesbar',
      message: 'Die Antwort ist unvollständig angekommen. Bitte melden Sie sich erneut an.',
    },
    login_not_found: {
      title: 'Diese Anmeldung wartet nicht mehr',
      message:
        'Sie ist bereits abgeschlossen, oder dieser Browser kennt sie nicht: Vielleicht wurde sie in einem anderen Browser begonnen, oder Cookies sind blockiert. Bitte melden Sie sich erneut an.',
    },
    login_not_brought: {
      title: 'Diese Anmeldung wartet nicht mehr',
      message:
        'Dieser Browser hat nichts von ihr übermittelt. Wahrscheinlich wurde sie unter einer anderen Adresse dieser Website begonnen: Bitte beginnen Sie bei {homeUrl}. Vielleicht ist sie auch bereits abgeschlossen, oder Cookies sind blockiert.',
    },
    login_expired: {
      title: 'Diese Anmeldung hat zu lange gedauert',
      message: 'Zu Ihrer Sicherheit wurde sie beendet. Bitte melden Sie sich erneut an.',
    },
    login_insufficient: {
      title: 'Hier ist mehr erforderlich',
      message: 'Diese Seite verlangt eine stärkere oder neuere Anmeldung als die vorliegende.',
    },
    login_unprovable: {
      title: 'Hier ist mehr erforderlich',
      message:
        'Diese Seite verlangt eine stärkere oder neuere Anmeldung, die Ihr Konto nicht bietet. Eine erneute Anmeldung auf demselben Weg würde daran nichts ändern.',
    },
    login_denied: {
      title: 'Sie wurden nicht angemeldet',
      message: 'Die Anmeldung wurde abgebrochen oder abgelehnt.',
    },
    login_refused: {
      title: 'Sie wurden nicht angemeldet',
      message: 'Dieses Konto kann hier nicht verwendet werden.',
    },
    login_ended: {
      title: 'Sie wurden abgemeldet',
      message: 'Während der Anmeldung traf eine Abmeldung ein. Bitte melden Sie sich erneut an.',
    },
    login_limited: {
      title: 'Sie sind an anderer Stelle angemeldet',
      message:
        'Sie haben bereits so viele Sitzungen, wie hier erlaubt sind. Melden Sie sich auf einem anderen Gerät ab und dann hier erneut an.',
    },
    provider_unavailable: {
      title: 'Die Anmeldung ist nicht verfügbar',
      message: 'Der Anmeldedienst antwortet nicht. Bitte versuchen Sie es in Kürze noch einmal.',
    },
    provider_invalid_response: {
      title: 'Sie wurden nicht angemeldet',
      message: 'Der Antwort des Anmeldedienstes kann nicht vertraut werden.',
    },
    provider_refused: {
      title: 'Sie wurden nicht angemeldet',
      message: 'Der Anmeldedienst hat es abgelehnt, diese Anmeldung abzuschließen.',
    },
    store_unavailable: {
      title: 'Bitte versuchen Sie es in Kürze noch einmal',
      message: 'Ihre Sitzung ist im Moment nicht erreichbar.',
    },
    login_required: {
      title: 'Bitte melden Sie sich an',
      message: 'Diese Seite ist nur für angemeldete Personen zugänglich.',
    },
    access_denied: {
      title: 'Sie haben hier keinen Zugriff',
      message: 'Ihrem Konto fehlt, was hier erforderlich ist.',
    },
    cross_origin_request: {
      title: 'Dies wurde nicht ausgeführt',
      message:
        'Die Anfrage kam von einer anderen Website und wurde zu Ihrer Sicherheit abgelehnt. Wenn Sie sie selbst ausführen wollten, öffnen Sie bitte die Seite hier und tun Sie es dort.',
    },
    unexpected: {
      title: 'Etwas ist schiefgegangen',
      message: 'Dies konnte nicht ausgeführt werden. Bitte versuchen Sie es später noch einmal.',
    },
    form_not_kept: {
      title: 'Bitte melden Sie sich erneut an',
      message:
        'Ihre Sitzung ist beendet, oder hier ist eine neuere Anmeldung erforderlich: Was Sie gesendet haben, wurde nicht gespeichert. Melden Sie sich an, gehen Sie dann zur Seite zurück, laden Sie sie neu und senden Sie es noch einmal.',
    },
    form_kept: {
      title: 'Bitte melden Sie sich erneut an',
      message:
        'Ihre Sitzung ist beendet, oder hier ist eine neuere Anmeldung erforderlich. Was Sie gesendet haben, wird eine halbe Stunde lang aufbewahrt: Melden Sie sich an, und Sie werden gefragt, ob es gesendet werden soll.',
    },
    form_to_send: {
      title: 'Jetzt senden?',
      message:
        'Was Sie vor der Anmeldung an {action} gesendet haben, wurde aufbewahrt und wird nur durch diese Schaltfläche gesendet. Diese Seite bietet es eine halbe Stunde lang an, auch nachdem Sie es gesendet haben: Senden Sie es nur einmal.',
    },
    form_gone: {
      title: 'Hier ist nichts aufbewahrt',
      message:
        'Was Sie gesendet haben, wurde eine halbe Stunde lang aufbewahrt. Bitte gehen Sie zur Seite zurück und senden Sie es noch einmal.',
    },
    form_of_another: {
      title: 'Dies können Sie nicht senden',
      message:
        'Was hier aufbewahrt wurde, gehört zu einem anderen Konto und wurde nicht gesendet. Um es zu senden, melden Sie sich mit dem Konto an, mit dem es geschrieben wurde.',
    },
    choose: {
      title: 'Anmelden',
      message: 'Wählen Sie, wo Sie Ihr Konto haben.',
    },
    login_done: {
      title: 'Sie sind angemeldet',
      message: 'Sie können dieses Fenster schließen.',
    },
    signed_in: {
      title: 'Sie sind angemeldet',
      message: 'Sie haben hier eine Sitzung, und sie läuft weiter.',
    },
    signed_out: {
      title: 'Sie sind abgemeldet',
      message: 'Ihre Sitzung hier ist beendet.',
    },
    signed_out_here: {
      title: 'Sie sind hier abgemeldet',
      message: 'Der Anmeldedienst war nicht erreichbar: Möglicherweise sind Sie dort noch immer angemeldet.',
    },
    signing_out: {
      title: 'Abmeldung läuft',
      message: 'Sie sind hier abgemeldet. Ein weiterer Schritt beendet Ihre Sitzung beim Anmeldedienst.',
    },
    sign_out: {
      title: 'Abmelden?',
      message: 'Damit endet Ihre Sitzung hier.',
    },
    frame_signed_out: {
      title: 'Abgemeldet',
      message: 'Die Sitzung hier ist beendet, falls es eine gab.',
    },
  },
  labels: {
    home: 'Startseite',
    signIn: 'Anmelden',
    signInAgain: 'Erneut anmelden',
    useAnotherAccount: 'Anderes Konto verwenden',
    signOut: 'Abmelden',
    signOutOfService: 'Beim Anmeldedienst abmelden',
    staySignedIn: 'Angemeldet bleiben',
    continue: 'Weiter',
    tryAgain: 'Erneut versuchen',
    sendIt: 'Senden',
    doNotSendIt: 'Nicht senden',
    reference: 'Wenn Sie Hilfe benötigen, nennen Sie bitte diese Referenz: {reference}',
    missing: 'Es fehlt: {list}.',
    missingRole: 'die Rolle {names}',
    missingRoles: 'eine der Rollen {names}',
    missingScopes: 'die Berechtigung {names}',
    missingClaims: '{names} in Ihrem Konto',
    missingMethod: 'eine Anmeldung per {names}',
  },
};
